// Builds the sites: node judge/sites/build.mjs
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
for (const [site, program] of [
  ['next', '../node_modules/next/dist/bin/next'],
  ['sveltekit', '../node_modules/vite/bin/vite.js'],
]) {
  const cwd = fileURLToPath(new URL(site, import.meta.url));
  execFileSync(process.execPath, [program, 'build'], { cwd, env, stdio: 'inherit' });
}
