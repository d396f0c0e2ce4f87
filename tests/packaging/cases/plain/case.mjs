export default {
  title: 'script type=module',
  run: ({ site }) => site('.'),
};
