import adapter from '@sveltejs/adapter-node';

// biome-ignore lint/style/noDefaultExport: SvelteKit wants it
export default { kit: { adapter: adapter({ precompress: true }) } };
