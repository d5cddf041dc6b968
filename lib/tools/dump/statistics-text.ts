import { STATUS_NAMES } from '../../protocol/names.ts';
import type { DumpFigures, FrameCount, HeaderCount } from './statistics.ts';

const NONE: FrameCount = { frames: 0, bytes: 0 };

/** Figures as a table for people. */
export function statisticsText(figures: DumpFigures): string {
  const { connections, streams, frames, headers, stalls, stallCount, warnings } = figures;
  const { duration, exchanges, resets } = figures;
  const lines = [
    `${count(connections, 'connection')}, ${count(streams.c2s, 'stream')} of clients, ${streams.s2c} of servers` +
      `${duration === null ? '' : `, ${(duration / 1000).toFixed(3)} s`}`,
  ];
  if (exchanges > 0) lines.push(count(exchanges, 'exchange'));
  lines.push('', row('Frames', 'C>S', 'bytes', 'S>C', 'bytes'));
  const total = { c2s: { ...NONE }, s2c: { ...NONE } };
  for (const [type, { c2s, s2c }] of Object.entries(frames).sort()) {
    lines.push(row(type, c2s.frames, c2s.bytes, s2c.frames, s2c.bytes));
    for (const [sum, one] of [
      [total.c2s, c2s],
      [total.s2c, s2c],
    ] as const) {
      sum.frames += one.frames;
      sum.bytes += one.bytes;
    }
  }
  lines.push(row('all', total.c2s.frames, total.c2s.bytes, total.s2c.frames, total.s2c.bytes), '');
  for (const [direction, text] of [
    ['c2s', 'C>S'],
    ['s2c', 'S>C'],
  ] as const) {
    lines.push(`Headers ${text}: ${savings(headers[direction])}`);
  }
  for (const [status, times] of Object.entries(resets)) {
    lines.push(`RST_STREAM ${STATUS_NAMES[Number(status)] ?? `status ${status}`}: ${times}`);
  }
  lines.push(`Windows used up: ${stallCount === 0 ? 'never' : count(stallCount, 'time')}`);
  for (const { connection, direction, stream, duration: waited } of stalls.slice(0, 5)) {
    const who = stream === 0 ? 'session' : `stream ${stream}`;
    const time = waited === null ? 'to the end' : `${waited.toFixed(1)} ms`;
    lines.push(`  #${connection} ${direction === 'c2s' ? 'C>S' : 'S>C'} ${who}: ${time}`);
  }
  lines.push(`Warnings: ${warnings === 0 ? 'none' : warnings}`);
  return `${lines.join('\n')}\n`;
}

function savings({ blocks, compressed, plain }: HeaderCount): string {
  if (plain === 0) return 'none';
  const saved = (100 * (1 - compressed / plain)).toFixed(1);
  return `${count(blocks, 'block')}, ${plain} bytes sent as ${compressed}, ${saved} % saved`;
}

function row(name: string, ...columns: readonly (string | number)[]): string {
  return name.padEnd(14) + columns.map((column) => String(column).padStart(11)).join('');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
