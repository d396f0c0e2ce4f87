import { NODES, nodeBinary } from '../../lib/context.mjs';

export default {
  title: 'Node 20',
  version: NODES[20],
  quick: true,
  async run({ program }) {
    await program(await nodeBinary(20), 'main.js');
  },
};
