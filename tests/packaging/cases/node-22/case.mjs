import { NODES, nodeBinary } from '../../lib/context.mjs';

export default {
  title: 'Node 22',
  version: NODES[22],
  async run({ program }) {
    await program(await nodeBinary(22), 'main.js');
  },
};
