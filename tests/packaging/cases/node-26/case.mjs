import { NODES, nodeBinary } from '../../lib/context.mjs';

export default {
  title: 'Node 26',
  version: NODES[26],
  quick: true,
  async run({ program }) {
    await program(await nodeBinary(26), 'main.js');
  },
};
