import { fileURLToPath } from 'node:url';

// biome-ignore lint/style/noDefaultExport: Next wants it
export default {
  // The folder whose node_modules it stands beside: above it there are others.
  turbopack: { root: fileURLToPath(new URL('..', import.meta.url)) },
};
