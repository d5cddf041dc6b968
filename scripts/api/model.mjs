// What the package offers, as data: every export of its entries, and the types of lib/ that these lead to, with their members and
// documentation. Read by the compiler that builds the package; its interface is called unstable, so package.json pins the version.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SyntaxKind } from 'typescript/unstable/ast';
import { API, SymbolFlags } from 'typescript/unstable/sync';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIB = path.join(ROOT, 'lib/').replaceAll('\\', '/');

/** The entries of the package: what users import, and the file behind it. */
export const ENTRIES = [
  { name: 'spdylay', file: 'lib/index.ts' },
  { name: 'spdylay/kubernetes', file: 'lib/kubernetes/index.ts' },
  { name: 'spdylay/tools', file: 'lib/tools/index.ts' },
];

const KINDS = {
  [SyntaxKind.ClassDeclaration]: 'class',
  [SyntaxKind.InterfaceDeclaration]: 'interface',
  [SyntaxKind.TypeAliasDeclaration]: 'type',
  [SyntaxKind.FunctionDeclaration]: 'function',
  [SyntaxKind.VariableDeclaration]: 'constant',
};

const MEMBERS = new Set([
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.PropertySignature,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
  SyntaxKind.Constructor,
]);

/** Modifiers of members that no user of the package reaches. */
const HIDDEN = new Set([SyntaxKind.PrivateKeyword, SyntaxKind.ProtectedKeyword]);

/**
 * Reads the package. Returns `{ entries, types }`: per entry its exports by name; and the types of lib/ that exports mention or
 * extend without being exported themselves. Each has `name`, `kind`, `file` (from the root), `line`, `doc`, `tags`, `declaration`, the
 * `value` of a constant if it is a number or a text, `local` (no other file sees it), `base` (the name of what it extends, or null), and `members`; a member has the same but for its own members, and `from`: what its
 * documentation is inherited from (a class, an interface, also of Node), null where it has its own or none. What is marked `@internal`
 * is left out.
 */
export function readApi() {
  const api = new API({ cwd: ROOT });
  try {
    const config = path.join(ROOT, 'tsconfig.json');
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    return new Reader(project).read();
  } finally {
    api.close();
  }
}

class Reader {
  #project;
  #checker;
  /** By symbol, each read once. */
  #items = new Map();
  #queue = [];

  constructor(project) {
    this.#project = project;
    this.#checker = project.checker;
  }

  read() {
    const entries = ENTRIES.map((entry) => ({ ...entry, exports: this.#exportsOf(entry.file) }));
    const exported = new Set(entries.flatMap((entry) => entry.exports));
    while (this.#queue.length > 0) this.#follow(this.#queue.shift());
    const types = [...this.#items.values()].filter((item) => !exported.has(item));
    return { entries, types: types.sort(byName) };
  }

  #exportsOf(file) {
    const source = this.#project.program.getSourceFile(path.join(ROOT, file));
    const symbols = this.#checker.getExportsOfModule(this.#checker.getSymbolAtLocation(source));
    return symbols.map((symbol) => this.#itemOf(this.#resolve(symbol))).sort(byName);
  }

  #resolve(symbol) {
    return symbol.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #itemOf(symbol) {
    const known = this.#items.get(symbol.id);
    if (known !== undefined) return known;
    const nodes = symbol.declarations.map((handle) => handle.resolve(this.#project));
    const item = {
      name: symbol.name,
      kind: KINDS[nodes[0].kind] ?? SyntaxKind[nodes[0].kind],
      ...this.#describe(symbol, nodes),
      value: literalOf(nodes[0].initializer),
      local: !isExported(nodes[0]),
      base: baseOf(nodes[0]),
      members: [],
    };
    this.#items.set(symbol.id, item);
    this.#queue.push({ item, nodes });
    return item;
  }

  #describe(symbol, nodes) {
    const source = nodes[0].getSourceFile();
    const start = nodes[0].getStart(source);
    return {
      file: path.relative(ROOT, source.fileName).replaceAll('\\', '/'),
      line: source.text.slice(0, start).split('\n').length,
      doc: this.#checker.getDocumentationCommentOfSymbol(symbol).trim(),
      tags: this.#checker
        .getJsDocTagsOfSymbol(symbol)
        .map(({ name, text }) => ({ name, text: textOf(text) })),
      declaration: nodes.map(declarationOf).join('\n'),
    };
  }

  /** Adds the members of what was found, and what its declarations mention. */
  #follow({ item, nodes }) {
    for (const node of nodes) {
      if (item.kind === 'function') this.#mentions(node);
      else this.#walk(item, node);
    }
  }

  #walk(item, node) {
    node.forEachChild((child) => {
      if (isBody(child, node) || isHidden(child) || isPromise(child)) return;
      if (MEMBERS.has(child.kind)) this.#addMember(item, child);
      else if (child.kind === SyntaxKind.Identifier) this.#mention(child);
      else this.#walk(item, child);
    });
  }

  #addMember(item, node) {
    if (node.kind === SyntaxKind.Constructor && node.parameters.length === 0) return;
    if (/@internal\b/.test(ownComment(node))) return;
    // A getter and its setter, and the overloads of a method, are one member.
    const name = node.kind === SyntaxKind.Constructor ? 'constructor' : node.name.getText();
    const known = item.members.find((member) => member.name === name);
    if (known !== undefined) {
      if (node.body === undefined || known.kind !== 'method')
        known.declaration += `\n${declarationOf(node)}`;
    } else if (!name.startsWith('_')) {
      const symbol = this.#checker.getSymbolAtLocation(node.name ?? node);
      const described = symbol === undefined ? this.#bare(node) : this.#describe(symbol, [node]);
      const inherited = ownComment(node) === '' ? this.#inherited(node.parent, name) : null;
      const doc = described.doc === '' ? (inherited?.doc ?? '') : described.doc;
      const from = inherited?.from ?? null;
      if (symbol !== undefined && node.type === undefined && node.initializer !== undefined)
        described.declaration += `: ${this.#typeOf(symbol)}`;
      item.members.push({ name, kind: memberKind(node), ...described, doc, from });
    }
    this.#mentions(node);
  }

  /** What a base class, or an interface that is implemented, says about a member, as editors show it; null if none does. */
  #inherited(owner, name) {
    for (const { types } of owner.heritageClauses ?? []) {
      for (const base of types) {
        const from = base.expression.getText();
        const type = this.#checker.getTypeAtLocation(base);
        // Every object has a property 'constructor', which is another thing.
        const member =
          name !== 'constructor' && type && this.#checker.getPropertyOfType(type, name);
        const doc = member && this.#checker.getDocumentationCommentOfSymbol(member).trim();
        if (doc) return { doc, from };
        for (const handle of type?.getSymbol()?.declarations ?? []) {
          const node = handle.resolve(this.#project);
          const deeper = node === undefined ? null : this.#saidBy(node, name, from);
          if (deeper !== null) return deeper;
        }
      }
    }
    return null;
  }

  #saidBy(owner, name, from) {
    const maker = owner.members?.find(({ kind }) => kind === SyntaxKind.Constructor);
    const doc = name === 'constructor' && maker ? this.#bare(maker).doc : '';
    return doc === '' ? this.#inherited(owner, name) : { doc, from };
  }

  /** The type of a field that leaves it to its value. */
  #typeOf(symbol) {
    const type = this.#checker.getTypeOfSymbol(symbol);
    return type === undefined ? 'unknown' : this.#checker.typeToString(type);
  }

  /** A constructor has no symbol that the checker gives. */
  #bare(node) {
    const source = node.getSourceFile();
    const line = source.text.slice(0, node.getStart(source)).split('\n').length;
    const file = path.relative(ROOT, source.fileName).replaceAll('\\', '/');
    const [doc = '', ...tags] = plainComment(ownComment(node)).split(/^@/m);
    return {
      file,
      line,
      doc: doc.trim(),
      tags: tags.map((tag) => {
        const [name = '', ...words] = tag.trim().split(/\s+/);
        return { name, text: words.join(' ') };
      }),
      declaration: declarationOf(node),
    };
  }

  /** Follows the types that a member mentions; of a constructor none: what it takes is the business of who calls it. */
  #mentions(node) {
    if (node.kind === SyntaxKind.Constructor) return;
    node.forEachChild((child) => {
      if (isBody(child, node)) return;
      if (child.kind === SyntaxKind.Identifier) this.#mention(child);
      else this.#mentions(child);
    });
  }

  #mention(identifier) {
    const found = this.#checker.getSymbolAtLocation(identifier);
    if (found === undefined) return;
    const symbol = this.#resolve(found);
    const node = symbol.declarations[0]?.resolve(this.#project);
    if (node === undefined || KINDS[node.kind] === undefined) return;
    if (node.getSourceFile().fileName.startsWith(LIB)) this.#itemOf(symbol);
  }
}

/** Whether a child of a declaration is what it does, not what it is: the body of a function, the value of a field. */
function isBody(child, parent) {
  return child === parent.body || child === parent.initializer;
}

/** Whether a node names interfaces that a class implements: its members are its own all the same. */
function isPromise(node) {
  return node.kind === SyntaxKind.HeritageClause && node.token === SyntaxKind.ImplementsKeyword;
}

function isHidden(node) {
  if (node.name?.kind === SyntaxKind.PrivateIdentifier) return true;
  if (node.modifiers?.some((modifier) => HIDDEN.has(modifier.kind))) return true;
  return false;
}

function isExported(node) {
  const statement = node.kind === SyntaxKind.VariableDeclaration ? node.parent.parent : node;
  return statement.modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) === true;
}

function baseOf(node) {
  const clause = node.heritageClauses?.find(({ token }) => token === SyntaxKind.ExtendsKeyword);
  return clause?.types[0].expression.getText() ?? null;
}

/** The comment of a declaration as its source has it. */
function ownComment(node) {
  return node.jsDoc?.at(-1)?.getText(node.getSourceFile()) ?? '';
}

/** A number or text that a constant is given. */
function literalOf(initializer) {
  const text = initializer?.getText().replace(/ as const$/, '');
  return text !== undefined && /^(?:-?\w+|'[^']*')$/.test(text) ? text : null;
}

function memberKind(node) {
  if (node.kind === SyntaxKind.Constructor) return 'constructor';
  const callable =
    node.kind === SyntaxKind.MethodDeclaration || node.kind === SyntaxKind.MethodSignature;
  return callable ? 'method' : 'property';
}

/** A declaration as its source has it, on one line, without comments, body, members and value. */
function declarationOf(node) {
  const source = node.getSourceFile();
  const start = node.getStart(source);
  const cut = node.body ?? node.initializer;
  const members = node.members === undefined ? null : source.text.indexOf('{', membersFrom(node));
  const end = cut?.getStart(source) ?? (members === null ? node.end : members);
  return source.text
    .slice(start, end)
    .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/([([<]) /g, '$1')
    .replace(/,? ([)\]>])/g, '$1')
    .replace(/(= |[(<:] ?)[|] /g, '$1')
    .replace(/[\s=;{]+$/, '');
}

/** Where the braces of a class or interface may begin: behind its name and heritage. */
function membersFrom(node) {
  return node.heritageClauses?.at(-1)?.end ?? node.typeParameters?.end ?? node.name.end;
}

function textOf(text) {
  if (text === undefined || typeof text === 'string') return text ?? '';
  return text.map((part) => part.text).join('');
}

function plainComment(comment) {
  return comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .trim();
}

function byName(a, b) {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
