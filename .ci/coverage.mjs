// Reads c8's coverage/lcov.info and fails where a folder of lib/ has fewer branches covered than it must.
import { readFileSync } from 'node:fs';

/** Least percentage of branches per folder; others are only shown. */
const THRESHOLDS = { protocol: 100, framing: 100, compression: 100, engine: 100, session: 95 };

const folders = new Map();
let folder = null;
for (const line of readFileSync('coverage/lcov.info', 'utf8').split('\n')) {
  const [key, value] = line.split(/:(.*)/);
  if (key === 'SF') folder = folderOf(value);
  if (key === 'BRF') folder.branches += Number(value);
  if (key === 'BRH') folder.covered += Number(value);
  if (key === 'LF') folder.lines += Number(value);
  if (key === 'LH') folder.linesCovered += Number(value);
}

let low = false;
for (const name of Object.keys(THRESHOLDS)) {
  if (!folders.has(name)) console.log(`lib/${name}: no file was measured`);
  low ||= !folders.has(name);
}
for (const [name, { branches, covered, lines, linesCovered }] of folders) {
  const percent = branches === 0 ? 100 : (100 * covered) / branches;
  const least = THRESHOLDS[name];
  const missed = least !== undefined && percent < least;
  low ||= missed;
  const verdict =
    least === undefined ? '' : `, at least ${least} % of branches: ${missed ? 'MISSED' : 'ok'}`;
  const shown = `${covered}/${branches} branches (${percent.toFixed(2)} %), ${linesCovered}/${lines} lines`;
  console.log(`lib/${name}: ${shown}${verdict}`);
}
if (low) process.exitCode = 1;

function folderOf(file) {
  const name = /lib[/\\](?:(\w+)[/\\])?/.exec(file)?.[1] ?? '';
  if (!folders.has(name)) folders.set(name, { branches: 0, covered: 0, lines: 0, linesCovered: 0 });
  return folders.get(name);
}
