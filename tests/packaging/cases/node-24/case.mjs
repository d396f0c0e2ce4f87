import { NODES, nodeBinary } from '../../lib/context.mjs';

export default {
  title: 'Node 24',
  version: NODES[24],
  async run({ program }) {
    await program(await nodeBinary(24), 'main.js');
  },
};
