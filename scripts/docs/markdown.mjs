/** A Markdown table. */
export function table(head, rows) {
  const line = (cells) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** A name as code. */
export function code(text) {
  return `\`${text}\``;
}

/** Throws unless two lists of names have the same members. */
export function assertSameNames(what, actual, described) {
  const missing = actual.filter((name) => !described.includes(name));
  const surplus = described.filter((name) => !actual.includes(name));
  if (missing.length > 0) throw new Error(`${what} without a description: ${missing.join(', ')}`);
  if (surplus.length > 0) throw new Error(`${what} described but not there: ${surplus.join(', ')}`);
}
