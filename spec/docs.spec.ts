import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { Engine } from '../lib/engine/engine.ts';
import { ERROR_CODES } from '../lib/errors.ts';
import { makeCertificate } from '../lib/http/server/certificate.ts';
import * as spdylay from '../lib/index.ts';
import * as kubernetes from '../lib/kubernetes/index.ts';
import { CHANNELS } from '../lib/session/diagnostics.ts';
import { REPOSITORY_ROOT } from './support/corpus-data.ts';

/** The build that this file belongs to: what the documents are held against. */
const BUILD = new URL('../', import.meta.url);

const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(new URL('docs/', REPOSITORY_ROOT))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

describe('documentation', () => {
  it('has tables that are up to date (else: npm run docs)', async () => {
    const script: { staleFiles(build: URL): Promise<string[]> } = await import(
      new URL('scripts/doc-tables.mjs', REPOSITORY_ROOT).href
    );
    expect(await script.staleFiles(BUILD)).to.deep.equal([]);
  });

  describe('names', () => {
    const limits = codeWords('docs/limits.md');
    const engine = codeWords('docs/engine.md');
    const session = codeWords('docs/session.md');
    const all = new Set(DOCUMENTS.flatMap((file) => [...codeWords(file)]));

    it('include every option of an Engine', () => {
      const options = fieldsOf('lib/engine/options.ts', 'EngineOptions');
      expect(options).to.include('maxConcurrentStreams');
      expect(missing(options, limits), 'docs/limits.md').to.deep.equal([]);
      expect(missing(options, engine), 'docs/engine.md').to.deep.equal([]);
    });

    it('include every option of a Session, of a stream and of connect()', () => {
      const options = fieldsOf('lib/session/session-options.ts', 'SessionOptions');
      expect(options).to.include('settingsTiming');
      expect(missing(options, limits), 'docs/limits.md').to.deep.equal([]);
      const others = [
        ...fieldsOf('lib/session/connect.ts', 'ConnectOptions'),
        ...fieldsOf('lib/session/stream-options.ts', 'StreamOptions'),
        ...fieldsOf('lib/session/keepalive.ts', 'KeepAliveOptions'),
      ];
      expect(missing([...options, ...others], session), 'docs/session.md').to.deep.equal([]);
    });

    it('include every error code', () => {
      const errors = codeWords('docs/errors.md');
      expect(missing(Object.keys(ERROR_CODES), errors)).to.deep.equal([]);
    });

    it('include everything that the package exports', () => {
      const names = [...Object.keys(spdylay), ...exportedTypes('lib/index.ts')];
      expect(names).to.include.members(['PROTO_SPDY3_1', 'EngineOptions', 'SynStreamFrame']);
      expect(missing(names, all)).to.deep.equal([]);
    });

    it('include everything that its door for Kubernetes exports, and every option there', () => {
      const words = codeWords('docs/kubernetes.md');
      const index = 'lib/kubernetes/index.ts';
      const names = [...Object.keys(kubernetes), ...exportedTypes(index)];
      expect(names).to.include.members(['exec', 'ExecOptions', 'loadKubeConfig']);
      expect(missing(names, words)).to.deep.equal([]);
      const options = optionsOf(index);
      expect(options).to.include.members(['replyTimeoutMs', 'maxOutputBytes', 'columns']);
      expect(missing(options, words)).to.deep.equal([]);
    });

    it('include every option, event and member of the HTTP layer', () => {
      const names = [
        ...fieldsOf('lib/http/server/options.ts', 'SpdyServerOptions'),
        ...fieldsOf('lib/http/server/events.ts', 'SpdyServerEvents', ''),
        ...fieldsOf('lib/http/server/push.ts', 'ServerPushOptions'),
        ...fieldsOf('lib/http/client/agent-options.ts', 'SpdyAgentOptions'),
        ...fieldsOf('lib/http/client/agent-options.ts', 'ProxyOptions'),
        ...fieldsOf('lib/http/client/options.ts', 'RequestOptions'),
        ...fieldsOf('lib/http/client/fetch.ts', 'FetchInit'),
        ...publicMembers('lib/http/server/server.d.ts', 'SpdyServer'),
        ...publicMembers('lib/http/client/agent.d.ts', 'SpdyAgent'),
        ...publicMembers('lib/http/client/dispatcher.d.ts', 'SpdyDispatcher'),
        ...fieldsOf('lib/http/client/urlfetch.ts', 'UrlFetchOptions'),
        ...methodsOf('lib/http/client/urlfetch.ts', 'UrlFetchHandler'),
      ];
      expect(names).to.include.members(['allowHttp1', 'handleUpgrade', 'maxRetries']);
      expect(missing(names, codeWords('docs/http.md'))).to.deep.equal([]);
    });

    it('include every member of an Engine and of its handler', () => {
      const members = [
        ...Object.getOwnPropertyNames(Engine.prototype),
        ...methodsOf('lib/engine/engine-handler.ts', 'EngineHandler'),
        ...methodsOf('lib/engine/data-provider.ts', 'DataSource'),
        ...fieldsOf('lib/engine/data-provider.ts', 'DataSource'),
      ];
      expect(missing(members, engine)).to.deep.equal([]);
    });

    it('include every member and event of a Session and of a SpdyStream, and every channel', () => {
      const members = publicMembers('lib/session/session.d.ts', 'Session');
      expect(members).to.include.members(['attach', 'ping', 'statistics', 'submitRequest']);
      const others = [
        ...fieldsOf('lib/session/session-events.ts', 'SessionEvents', ''),
        ...fieldsOf('lib/session/stream-events.ts', 'StreamEventsOf', ''),
        ...fieldsOf('lib/session/diagnostics.ts', 'SessionState'),
        ...fieldsOf('lib/session/diagnostics.ts', 'SessionStatistics'),
        ...publicMembers('lib/session/stream.d.ts', 'SpdyStream').filter(
          (name) => !isInternal(name),
        ),
        ...Object.keys(CHANNELS),
        ...Object.values(CHANNELS).map(({ name }) => String(name)),
      ];
      expect(missing([...members, ...others], session)).to.deep.equal([]);
    });
  });

  describe('links', () => {
    for (const file of DOCUMENTS) {
      it(`of ${file} lead somewhere`, () => {
        expect(linksOf(file).filter((link) => !leadsSomewhere(file, link))).to.deep.equal([]);
      });
    }
  });

  describe('programs', () => {
    const programs = DOCUMENTS.flatMap(programsOf);
    const results = new Map<Program, Promise<string>>();
    let folder = '';

    // All at once: each of them takes its time to load.
    before(() => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-docs-'));
      const { key, cert } = makeCertificate();
      writeFileSync(path.join(folder, 'key.pem'), key);
      writeFileSync(path.join(folder, 'cert.pem'), cert);
      for (const program of programs) {
        const file = path.join(folder, `${path.basename(program.file)}-${program.line}.mjs`);
        writeFileSync(file, program.text);
        const result = run(file, program.stays);
        result.catch(() => {});
        results.set(program, result);
      }
    });

    after(async () => {
      await Promise.allSettled(results.values());
      rmSync(folder, { recursive: true });
    });

    for (const program of programs) {
      const { file, line, stays, output } = program;
      it(`of ${file}, line ${line}, ${stays ? 'starts' : 'prints what it says'}`, async () => {
        const printed = await results.get(program);
        if (stays) expect(printed).to.match(/^listening on \d+\n$/);
        else expect(printed).to.equal(output);
      });
    }
  });
});

function read(file: string): string {
  return readFileSync(new URL(file, REPOSITORY_ROOT), 'utf8');
}

/** Without code blocks: what is left is prose, tables and code spans. */
function proseOf(file: string): string {
  return read(file).replace(/^```[\s\S]*?^```$/gm, '');
}

/** Every word inside a code span or a {Type}. */
function codeWords(file: string): Set<string> {
  const spans = proseOf(file).matchAll(/`([^`\n]+)`|\{([\w. |[\]<>]+)\}/g);
  const words = new Set<string>();
  for (const [, code = '', type = ''] of spans) {
    for (const word of `${code} ${type}`.split(/[^\w.]+/)) words.add(word);
    for (const word of `${code} ${type}`.split(/\W+/)) words.add(word);
  }
  // Headings and list items name events in quotes.
  for (const [, event = ''] of proseOf(file).matchAll(/'(\w+)'/g)) words.add(event);
  return words;
}

function missing(names: readonly string[], words: ReadonlySet<string>): string[] {
  return names.filter((name) => name !== 'constructor' && !words.has(name));
}

/** The body of an interface in a source file. */
function bodyOf(file: string, name: string): string {
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(
    read(file),
  )?.[1];
  if (body === undefined) throw new Error(`${file} has no interface ${name}`);
  return body;
}

/** Names of the fields of an interface; `modifier` stands before them. */
function fieldsOf(file: string, name: string, modifier = 'readonly '): string[] {
  return [...bodyOf(file, name).matchAll(new RegExp(`^ {2}${modifier}(\\w+)\\??:`, 'gm'))].map(
    ([, field = '']) => field,
  );
}

function methodsOf(file: string, name: string): string[] {
  return [...bodyOf(file, name).matchAll(/^ {2}(\w+)\??\(/gm)].map(([, method = '']) => method);
}

/** Members of a class as its declaration has them, but for those of the Duplex machinery. */
function publicMembers(declaration: string, name: string): string[] {
  const text = readFileSync(new URL(declaration, BUILD), 'utf8');
  const body = new RegExp(`class ${name} [\\s\\S]*?^\\}`, 'm').exec(text)?.[0] ?? '';
  return [...body.matchAll(/^ {4}(?:readonly |get |set )?(\w+)\??[(:<]/gm)]
    .map(([, member = '']) => member)
    .filter((member) => !member.startsWith('_'));
}

/** What a SpdyStream shows to its session, not to applications. */
function isInternal(member: string): boolean {
  return [
    ...['handle', 'outgoing', 'submitted', 'opened', 'replied', 'moreHeaders', 'receive'],
    ...[
      'receiveEnd',
      'headersSent',
      'dataSent',
      'isOpenedBy',
      'streamClosed',
      'afterWrite',
      'isComplete',
      'sendHeadersNow',
      'finished',
    ],
  ].includes(member);
}

/** Names of the types that a door of the package exports. */
function exportedTypes(door: string): string[] {
  const index = read(door).replace(/\/\*[\s\S]*?\*\//g, '');
  const names: string[] = [];
  for (const [, typeOnly, list = ''] of index.matchAll(/export (type )?\{([^}]*)\}/g)) {
    for (const entry of list.split(',').map((one) => one.trim())) {
      if (entry !== '' && (typeOnly !== undefined || entry.startsWith('type ')))
        names.push(entry.replace(/^type /, ''));
    }
  }
  for (const [, , file = ''] of index.matchAll(/export (type )?\* from '\.\/([^']+)'/g)) {
    const source = read(`lib/${file}`);
    for (const [, name = ''] of source.matchAll(/^export (?:interface|type) (\w+)/gm))
      names.push(name);
  }
  return names;
}

/** Fields of the types that a door of the package exports. */
function optionsOf(door: string): string[] {
  const folder = door.slice(0, door.lastIndexOf('/') + 1);
  const fields: string[] = [];
  for (const [, list = '', file = ''] of read(door).matchAll(/\{([^}]*)\} from '\.\/([^']+)'/g)) {
    const source = read(folder + file);
    for (const name of list.match(/\w+/g) ?? []) {
      const type = new RegExp(
        `^export (?:interface|type) ${name}\\b[^{;]*\\{[\\s\\S]*?^(?:\\}| {2}\\};)`,
        'm',
      );
      const body = type.exec(source)?.[0] ?? '';
      for (const [, field = ''] of body.matchAll(/^ +readonly (\w+)\??:/gm)) fields.push(field);
    }
  }
  return fields;
}

function linksOf(file: string): string[] {
  return [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
}

function leadsSomewhere(file: string, link: string): boolean {
  if (/^https?:/.test(link)) return true;
  const [target = '', anchor] = link.split('#');
  const url =
    target === ''
      ? new URL(file, REPOSITORY_ROOT)
      : new URL(target, new URL(file, REPOSITORY_ROOT));
  if (!existsSync(url)) return false;
  return anchor === undefined || anchorsOf(readFileSync(url, 'utf8')).includes(anchor);
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(text: string): string[] {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

interface Program {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** What it prints: the text block behind it. */
  readonly output: string;
  /** It runs until it is stopped. */
  readonly stays: boolean;
}

/** Code blocks that import the package are whole programs. */
function programsOf(file: string): Program[] {
  const text = read(file);
  const index = JSON.stringify(new URL('lib/index.js', BUILD).href);
  const kubernetesIndex = JSON.stringify(new URL('lib/kubernetes/index.js', BUILD).href);
  const blocks = text.matchAll(
    /(<!-- program: runs until it is stopped -->\n)?^```js\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm,
  );
  return [...blocks]
    .filter(([, , code = '']) => /from 'spdylay(?:\/kubernetes)?'/.test(code))
    .map(([, mark, code = '', output = '']) => ({
      file,
      line: text.slice(0, text.indexOf(code)).split('\n').length,
      text: code.replaceAll("'spdylay'", index).replaceAll("'spdylay/kubernetes'", kubernetesIndex),
      output,
      stays: mark !== undefined,
    }));
}

/** Runs a program to its end, or until it prints something if it `stays`; resolves with what it prints. */
function run(program: string, stays: boolean): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [program], {
      cwd: path.dirname(program),
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    let complaints = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += String(chunk);
      if (stays) child.kill();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += String(chunk);
    });
    child.once('error', fail);
    child.once('close', (code) => {
      if (complaints === '' && (stays || code === 0)) done(printed);
      else fail(new Error(`ended with ${code}: ${complaints}`));
    });
  });
}
