// Reads c8's coverage/lcov.info and fails where a folder of lib/ has fewer branches covered than it must.
import { readFileSync } from 'node:fs';

/** Least percentage of branches per folder; others are only shown. */
const THRESHOLDS = {
  protocol: 100,
  framing: 100,
  compression: 100,
  engine: 100,
  session: 98,
  common: 100,
  http: 92,
  kubernetes: 90,
};

const folders = new Map();
for (const record of readFileSync('coverage/lcov.info', 'utf8').split('end_of_record')) {
  const file = /^SF:(.+)$/m.exec(record)?.[1];
  if (file === undefined || hasOnlyTypes(file)) continue;
  const folder = folderOf(file);
  folder.branches += number(record, 'BRF');
  folder.covered += number(record, 'BRH');
  folder.lines += number(record, 'LF');
  folder.linesCovered += number(record, 'LH');
  const missed = linesOf(record);
  if (missed.length > 0) folder.files.push(`${file}: ${missed.join(', ')}`);
}

let low = false;
for (const name of Object.keys(THRESHOLDS)) {
  if (!folders.has(name)) console.log(`lib/${name}: no file was measured`);
  low ||= !folders.has(name);
}
for (const [name, { branches, covered, lines, linesCovered, files }] of folders) {
  const percent = branches === 0 ? 100 : (100 * covered) / branches;
  const least = THRESHOLDS[name];
  const missed = least !== undefined && percent < least;
  low ||= missed;
  const shown = `${covered}/${branches} branches (${percent.toFixed(2)} %), ${linesCovered}/${lines} lines`;
  const verdict = least === undefined ? '' : `; at least ${least} % of branches: `;
  console.log(`lib/${name}: ${shown}${verdict}${verdict && (missed ? 'MISSED' : 'ok')}`);
  if (missed) console.log(`  lines with branches that no spec takes:\n    ${files.join('\n    ')}`);
}
if (low) process.exitCode = 1;

/** Files without any code are never loaded: c8 counts them as not covered. */
function hasOnlyTypes(file) {
  const code = readFileSync(`build/${file.replace(/\.ts$/, '.js')}`, 'utf8');
  return code.replace(/^\/\/.*$|\/\*[\s\S]*?\*\//gm, '').trim() === 'export {};';
}

function folderOf(file) {
  const name = /^lib\/(?:(\w+)\/)?/.exec(file)?.[1] ?? '';
  if (!folders.has(name)) {
    folders.set(name, { branches: 0, covered: 0, lines: 0, linesCovered: 0, files: [] });
  }
  return folders.get(name);
}

function linesOf(record) {
  return [...record.matchAll(/^BRDA:(\d+),\d+,\d+,(?:0|-)$/gm)].map((branch) => branch[1]);
}

function number(record, key) {
  return Number(new RegExp(`^${key}:(\\d+)$`, 'm').exec(record)?.[1] ?? 0);
}
