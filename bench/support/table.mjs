/** A table: a title, names of columns, rows of numbers and strings. */

/** A table for the terminal: numbers stand right-aligned. */
export function formatTable(table) {
  const { title, columns } = table;
  const cells = cellsOf(table);
  const widths = columns.map((column, at) =>
    Math.max(column.length, ...cells.map((row) => row[at].length)),
  );
  const right = numeric(table);
  const line = (row) =>
    row
      .map((cell, at) => (right[at] ? cell.padStart(widths[at]) : cell.padEnd(widths[at])))
      .join('  ')
      .trimEnd();
  return [
    title,
    line(columns),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...cells.map(line),
  ].join('\n');
}

/** The same in Markdown. */
export function markdownTable(table) {
  const { title, columns } = table;
  const line = (row) => `| ${row.join(' | ')} |`;
  return [
    `### ${title}`,
    '',
    line(columns),
    line(numeric(table).map((right) => (right ? '---:' : '---'))),
    ...cellsOf(table).map(line),
  ].join('\n');
}

const cellsOf = ({ rows }) =>
  rows.map((row) =>
    row.map((cell) =>
      typeof cell === 'number' ? formatNumber(cell) : cell === null ? '' : String(cell),
    ),
  );

const numeric = ({ columns, rows }) =>
  columns.map((_, at) => rows.every((row) => isNumber(row[at])));

// JSON between the processes makes null of NaN.
const isNumber = (cell) => typeof cell === 'number' || cell === null;

function formatNumber(value) {
  if (value === 0) return '0';
  if (Number.isInteger(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
