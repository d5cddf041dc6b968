import { sveltekit } from '@sveltejs/kit/vite';

// biome-ignore lint/style/noDefaultExport: Vite wants it
export default { plugins: [sveltekit()] };
