// Lists what users of the package meet without a sentence of documentation: node scripts/api/undocumented.mjs [FOLDER_OF_LIB]
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readApi } from './model.mjs';

/** Public things and members below `folder` (as `lib/session`) that have no documentation, sorted by place. */
export function undocumented(api, folder = 'lib') {
  const seen = api.types.filter(({ local }) => !local);
  const items = [...new Set([...api.entries.flatMap(({ exports }) => exports), ...seen])];
  const all = items.flatMap((item) => [
    item,
    ...item.members
      // A base class that nobody can name is not constructed.
      .filter(({ kind }) => kind !== 'constructor' || !seen.includes(item))
      .map((member) => ({ ...member, name: `${item.name}.${member.name}` })),
  ]);
  const inside = all.filter(({ file }) => file === folder || file.startsWith(`${folder}/`));
  return {
    count: inside.length,
    missing: inside
      .filter(({ doc, tags }) => doc === '' && !tags.some(({ name }) => name === 'throws'))
      .sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)),
  };
}

if (
  process.argv[1] !== undefined &&
  path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const folder = (process.argv[2] ?? 'lib').replace(/^\.\//, '').replace(/\/$/, '');
  const { count, missing } = undocumented(readApi(), folder);
  for (const { file, line, name } of missing) console.log(`${file}:${line} ${name}`);
  console.log(`${missing.length} of ${count} have no documentation`);
}
