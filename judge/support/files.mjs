// Files that the applications serve, always the same.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const TEXT = Buffer.from('0123456789'.repeat(100));
export const LARGE = Buffer.from(
  Array.from({ length: 1 << 20 }, (_, i) => (i * 7 + (i >> 8)) & 255),
);
export const MODIFIED = 'Mon, 02 Jun 2025 10:00:00 GMT';

export const FOLDER = mkdtempSync(path.join(tmpdir(), 'spdylay-judge-'));
process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));

const time = new Date(MODIFIED);
for (const [name, content] of [
  ['text.txt', TEXT],
  ['large.bin', LARGE],
  ['page.html', '<h1>A page</h1>\n'],
  ['empty.txt', ''],
  ['.hidden', 'no'],
  ['with space.txt', 'spaced'],
]) {
  const file = path.join(FOLDER, name);
  writeFileSync(file, content);
  utimesSync(file, time, time);
}
