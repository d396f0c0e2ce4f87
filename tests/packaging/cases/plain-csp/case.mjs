const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";

export default {
  title: 'script type=module, strict CSP',
  quick: true,
  run: ({ site }) => site('.', { headers: { 'content-security-policy': POLICY } }),
};
