import { NODES, nodeBinary } from '../../lib/context.mjs';

export default {
  title: 'import on a server: nothing runs',
  version: `Node ${NODES[20]}`,
  quick: true,
  passes: 'nothing ran',
  async run({ output }) {
    await output(await nodeBinary(20), 'main.js');
    await output(await nodeBinary(20), 'require.cjs');
  },
};
