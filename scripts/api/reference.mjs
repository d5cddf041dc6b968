// Writes docs/api/*.md, the reference of everything that the package exports: node scripts/api/reference.mjs [--check]
// --check writes nothing and fails when a file is stale.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { code, table } from '../docs/markdown.mjs';
import { readApi } from './model.mjs';

const FOLDER = new URL('../../docs/api/', import.meta.url);

/** Sections in their order; what is in none of them is a type. */
const SECTIONS = [
  ['Functions', ({ kind }) => kind === 'function'],
  ['Errors', ({ kind, name }) => kind === 'class' && name.endsWith('Error')],
  ['Classes', ({ kind }) => kind === 'class'],
  ['Constants', ({ kind }) => kind === 'constant'],
  ['Types', () => true],
];

/** The text of each file of docs/api/, by its name. */
export function renderReference(api) {
  const files = new Map();
  const bases = new Map(api.types.map((type) => [type.name, type]));
  for (const entry of api.entries) {
    const file = `${entry.name.split('/').at(-1)}.md`;
    files.set(file, renderEntry(entry, bases));
  }
  return files;
}

/** Names of the files that differ from what the sources give; with `write` they are brought up to date. */
export function staleReference(api, write = false) {
  const stale = [];
  for (const [file, text] of renderReference(api)) {
    const url = new URL(file, FOLDER);
    if (existsSync(url) && readFileSync(url, 'utf8') === text) continue;
    stale.push(`docs/api/${file}`);
    if (!write) continue;
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(url, text);
  }
  return stale;
}

function renderEntry(entry, bases) {
  const lines = [
    `# API of \`${entry.name}\``,
    '',
    '<!-- Made by `npm run docs` from the sources and their comments. Do not edit. -->',
    '',
    `Everything that \`import ... from '${entry.name}'\` gives, as the declarations have it; what Node's own classes bring along is left`,
    'out. [The pages](../../README.md#documentation) tell what it is for.',
  ];
  let left = entry.exports;
  for (const [title, belongs] of SECTIONS) {
    const items = left.filter(belongs);
    left = left.filter((item) => !items.includes(item));
    if (items.length === 0) continue;
    lines.push('', `## ${title}`);
    const plain = items.filter(({ value }) => value !== null);
    if (plain.length > 0) lines.push('', constants(plain));
    for (const item of items) {
      if (item.value === null) lines.push('', ...renderItem(item, bases));
    }
  }
  return `${lines.join('\n')}\n`;
}

function constants(items) {
  const rows = items.map((item) => [code(item.name), code(item.value), oneLine(item.doc)]);
  return table(['Name', 'Value', ''], rows);
}

function renderItem(item, bases) {
  const lines = [`### ${item.name}`];
  const declaration = declarationOf(item, bases);
  // An interface says it all by its members.
  if (declaration !== `interface ${item.name}`) lines.push('', '```ts', declaration, '```');
  const paragraphs = [...item.doc.split(/\n\s*\n/).map(oneLine), throws(item).join(' ')];
  for (const text of paragraphs) if (text !== '') lines.push('', text);
  const members = membersOf(item, bases);
  const told = members.filter(({ from, kind }) => from === null || kind === 'constructor');
  if (told.length > 0) lines.push('', ...told.map(renderMember));
  for (const from of new Set(members.map((member) => member.from))) {
    const names = members.filter((member) => member.from === from && !told.includes(member));
    if (names.length === 0) continue;
    lines.push('', `As in \`${from}\`: ${names.map(({ name }) => code(name)).join(', ')}.`);
  }
  return lines;
}

function renderMember(member) {
  const text = [oneLine(member.doc), ...throws(member)].filter((part) => part !== '').join(' ');
  const names = formsOf(member).map(code).join(', ');
  return text === '' ? `- ${names}` : `- ${names}: ${text}`;
}

/** The declarations of a member; a getter, with or without its setter, is a property to who uses it. */
function formsOf({ declaration }) {
  const forms = declaration.split('\n').map(signatureOf);
  const [, name, type] =
    forms.map((form) => /^get ([^(]+)\(\): (.*)$/.exec(form)).find(Boolean) ?? [];
  if (name === undefined) return forms;
  const settable = forms.some((form) => form.startsWith('set '));
  return [`${settable ? '' : 'readonly '}${name}: ${type}`];
}

/** A declaration without what does not concern who uses it. */
function signatureOf(declaration) {
  return declaration.replace(/^(?:(?:export|async|override) )+/, '').replace(/;$/, '');
}

/** Its members, and those of base classes that have no place of their own in the reference. */
function membersOf(item, bases) {
  const hidden = bases.get(item.base);
  const own = new Set(item.members.map(({ name }) => name));
  const more = hidden === undefined ? [] : membersOf(hidden, bases);
  return [...item.members, ...more.filter(({ name }) => !own.has(name) && name !== 'constructor')];
}

function declarationOf({ kind, declaration, base }, bases) {
  if (kind === 'constant') return wrap(`const ${declaration}`);
  let shown = declaration;
  if (bases.has(base)) {
    const visible = visibleBase(base, bases);
    const clause = new RegExp(` extends ${base}\\b(?:<.*>)?(?= implements|$)`, 'm');
    shown = shown.replace(clause, visible === null ? '' : ` extends ${visible}`);
  }
  return shown.split('\n').map(signatureOf).map(wrap).join('\n');
}

/** The next base that a reader knows, null if there is none. */
function visibleBase(name, bases) {
  const hidden = bases.get(name);
  if (hidden === undefined || name === null) return name;
  if (hidden.kind !== 'constant') return visibleBase(hidden.base, bases);
  // A class by another name: what it makes is told by its type.
  const [, made = null] = /.*=> (\w+)/.exec(hidden.declaration) ?? [];
  return visibleBase(made, bases);
}

/** Breaks a long declaration where its outermost list, or else its alternatives, have their borders. */
function wrap(text) {
  if (text.length <= 100) return text;
  const pieces = [];
  let depth = 0;
  let listed = false;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const arrow = text[at] === '>' && text[at - 1] === '=';
    const opens = '([{<'.includes(text[at]);
    if (')]}>'.includes(text[at]) && !arrow) depth -= 1;
    const ends = depth === 1 && (text[at] === ',' || text[at] === ';');
    const bar = depth === 0 && !listed && /^ [|&] /.test(text.slice(at, at + 3));
    const closes = depth === 0 && text[at] === ')' && pieces.length > 0;
    listed ||= opens;
    if (opens && depth === 0) depth += 1;
    else if (opens) {
      depth += 1;
      continue;
    } else if (!ends && !bar && !closes) continue;
    const end = bar || closes ? at : at + 1;
    pieces.push(text.slice(from, end).trim());
    from = end;
    if (closes) break;
  }
  pieces.push(text.slice(from).trim());
  const [first = '', ...rest] = pieces.filter((piece) => piece !== '');
  return [first, ...rest.map((piece) => (/^[)}]/.test(piece) ? piece : `  ${piece}`))].join('\n');
}

function throws({ tags }) {
  return tags
    .filter(({ name }) => name === 'throws')
    .map(({ text }) => `Throws ${oneLine(text).replace(/^(\w+Error)\b/, '`$1`')}.`);
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim();
}

if (
  process.argv[1] !== undefined &&
  path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const check = process.argv[2] === '--check';
  const stale = staleReference(readApi(), !check);
  for (const file of stale) console.log(check ? `stale: ${file}` : `wrote ${file}`);
  if (check && stale.length > 0) process.exitCode = 1;
}
