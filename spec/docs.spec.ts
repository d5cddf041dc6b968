import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Engine } from '../lib/engine/engine.ts';
import { ERROR_CODES } from '../lib/errors.ts';
import * as spdylay from '../lib/index.ts';
import * as kubernetes from '../lib/kubernetes/index.ts';
import { CHANNELS } from '../lib/session/trace/diagnostics.ts';
import * as tools from '../lib/tools/index.ts';
import { REPOSITORY_ROOT } from './support/corpus-data.ts';
import { DOCUMENTS, proseOf, readDocument } from './support/documents.ts';

/** The build that this file belongs to: what the documents are held against. */
const BUILD = new URL('../', import.meta.url);

describe('documentation', () => {
  it('has tables that are up to date (else: npm run docs)', async () => {
    const script: { staleFiles(build: URL): Promise<string[]> } = await import(
      new URL('scripts/doc-tables.mjs', REPOSITORY_ROOT).href
    );
    expect(await script.staleFiles(BUILD)).to.deep.equal([]);
  });

  it('shows the frames of the demo as they are (else: npm run docs)', async () => {
    const script: { demoFrames(build: URL): readonly DemoFrame[]; draw(frames: unknown): string } =
      await import(new URL('scripts/demo-picture.mjs', REPOSITORY_ROOT).href);
    const frames = script.demoFrames(BUILD);
    expect(frames.map(({ name }) => name)).to.include.members(['SYN_STREAM', 'DATA', 'GOAWAY']);
    // How a body is cut into DATA frames may differ from run to run.
    const drawn = namesIn(readDocument('docs/demo.svg'));
    expect(drawn).to.deep.equal(namesIn(script.draw(frames)));
  });

  describe('names', () => {
    const limits = codeWords('docs/limits.md');
    const engine = codeWords('docs/engine.md');
    const session = codeWords('docs/session.md');
    // The reference is made from the code: what it names says nothing.
    const pages = DOCUMENTS.filter((file) => !file.startsWith('docs/api/'));
    const all = new Set(pages.flatMap((file) => [...codeWords(file)]));

    it('include every option of an Engine', () => {
      const options = fieldsOf('lib/engine/options/options.ts', 'EngineOptions');
      expect(options).to.include('maxConcurrentStreams');
      expect(missing(options, limits), 'docs/limits.md').to.deep.equal([]);
      expect(missing(options, engine), 'docs/engine.md').to.deep.equal([]);
    });

    it('include every option of a Session, of a stream and of connect()', () => {
      const options = fieldsOf('lib/session/session-options.ts', 'SessionOptions');
      expect(options).to.include('settingsTiming');
      expect(missing(options, limits), 'docs/limits.md').to.deep.equal([]);
      const others = [
        ...fieldsOf('lib/session/transport/connect.ts', 'ConnectOptions'),
        ...fieldsOf('lib/session/streams/stream-options.ts', 'StreamOptions'),
        ...fieldsOf('lib/session/liveness/keepalive.ts', 'KeepAliveOptions'),
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

    it('include everything that its door for tools exports, and every option there', () => {
      const files = ['tools', 'spdydump', 'spdyload', 'spdyproxy', 'spdyspec'].map(
        (name) => `docs/${name}.md`,
      );
      const words = new Set(files.flatMap((file) => [...codeWords(file)]));
      const names = [
        ...Object.keys(tools),
        ...exportedTypes('lib/tools/index.ts'),
        ...fieldsOf('lib/tools/files/options.ts', 'StaticFilesOptions'),
        ...fieldsOf('lib/tools/load/options.ts', 'LoadOptions'),
        ...fieldsOf('lib/tools/load/options.ts', 'LoadTls'),
        ...fieldsOf('lib/tools/load/results/result.ts', 'LoadResult'),
        ...fieldsOf('lib/tools/conformance/options.ts', 'ConformanceOptions'),
        ...fieldsOf('lib/tools/proxy/options.ts', 'ProxyOptions'),
        ...fieldsOf('lib/tools/proxy/back/options.ts', 'BackOptions'),
        ...fieldsOf('lib/tools/proxy/pool/health.ts', 'HealthOptions'),
        ...fieldsOf('lib/tools/proxy/message/forwarded.ts', 'HeaderRules'),
      ];
      expect(names).to.include.members(['serveFiles', 'cacheBytes']);
      expect(missing(names, words)).to.deep.equal([]);
    });

    it('include every option, event and member of the HTTP layer', () => {
      const names = [
        ...fieldsOf('lib/http/server/options.ts', 'SpdyServerOptions'),
        ...fieldsOf('lib/http/server/events.ts', 'SpdyServerEvents', ''),
        ...fieldsOf('lib/http/server/exchange/push.ts', 'ServerPushOptions'),
        ...fieldsOf('lib/http/client/agent-options.ts', 'SpdyAgentOptions'),
        ...fieldsOf('lib/http/client/agent-options.ts', 'ProxyOptions'),
        ...fieldsOf('lib/http/client/request/options.ts', 'RequestOptions'),
        ...fieldsOf('lib/http/client/fetch/fetch-init.ts', 'FetchInit'),
        ...publicMembers('lib/http/server/server.d.ts', 'SpdyServer'),
        ...publicMembers('lib/http/client/agent.d.ts', 'SpdyAgent'),
        ...publicMembers('lib/http/client/dispatcher.d.ts', 'SpdyDispatcher'),
        ...fieldsOf('lib/http/client/fetch/urlfetch.ts', 'UrlFetchOptions'),
        ...methodsOf('lib/http/client/fetch/urlfetch.ts', 'UrlFetchHandler'),
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
      const members = [
        ...publicMembers('lib/session/session.d.ts', 'Session'),
        ...publicMembers('lib/session/spdylay-session.d.ts', 'SpdylaySession'),
      ];
      expect(members).to.include.members(['attach', 'ping', 'statistics', 'submitRequest']);
      const others = [
        ...fieldsOf('lib/session/session-events.ts', 'SessionEvents', ''),
        ...fieldsOf('lib/session/streams/stream-events.ts', 'StreamEventsOf', ''),
        ...fieldsOf('lib/session/trace/diagnostics.ts', 'SessionState'),
        ...fieldsOf('lib/session/trace/diagnostics.ts', 'SessionStatistics'),
        ...publicMembers('lib/session/streams/stream.d.ts', 'SpdyStream'),
        ...publicMembers('lib/session/streams/readable-half.d.ts', 'ReadableHalf'),
        ...publicMembers('lib/session/streams/writable-half.d.ts', 'WritableHalf'),
        ...Object.keys(CHANNELS),
        ...Object.values(CHANNELS).map(({ name }) => String(name)),
      ];
      expect(missing([...members, ...others], session)).to.deep.equal([]);
    });
  });
});

interface DemoFrame {
  readonly name: string;
}

/** Names and streams of the frames in a picture of the demo, without repetitions. */
function namesIn(picture: string): string[] {
  const names = [...picture.matchAll(/>([A-Z_]+)<\/tspan> (session|stream \d+)/g)];
  return names
    .map(([, name, stream]) => `${name} ${stream}`)
    .filter((name, index, all) => name !== all[index - 1]);
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
    readDocument(file),
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

/** Members of a class as its declaration has them, but for those of the Duplex machinery and those marked `@internal`. */
function publicMembers(declaration: string, name: string): string[] {
  const text = readFileSync(new URL(declaration, BUILD), 'utf8');
  const body = new RegExp(`class ${name} [\\s\\S]*?^\\}`, 'm').exec(text)?.[0] ?? '';
  const shown = body.replace(/\/\*\*(?:(?!\*\/)[\s\S])*@internal[^\n]*\n[^\n]*\n/g, '');
  return [...shown.matchAll(/^ {4}(?:readonly |get |set )?(\w+)\??[(:<]/gm)]
    .map(([, member = '']) => member)
    .filter((member) => !member.startsWith('_'));
}

/** Names of the types that a door of the package exports. */
function exportedTypes(door: string): string[] {
  const index = readDocument(door).replace(/\/\*[\s\S]*?\*\//g, '');
  const names: string[] = [];
  for (const [, typeOnly, list = ''] of index.matchAll(/export (type )?\{([^}]*)\}/g)) {
    for (const entry of list.split(',').map((one) => one.trim())) {
      if (entry !== '' && (typeOnly !== undefined || entry.startsWith('type ')))
        names.push(entry.replace(/^type /, ''));
    }
  }
  for (const file of wholesOf(door)) {
    names.push(...exportedTypes(file));
    for (const [, name = ''] of readDocument(file).matchAll(/^export (?:interface|type) (\w+)/gm))
      names.push(name);
  }
  return names;
}

/** The files of which a door exports everything. */
function wholesOf(door: string): string[] {
  const folder = door.slice(0, door.lastIndexOf('/') + 1);
  return [...readDocument(door).matchAll(/export (?:type )?\* from '\.\/([^']+)'/g)].map(
    ([, file = '']) => folder + file,
  );
}

/** Fields of the types that a door of the package exports. */
function optionsOf(door: string): string[] {
  const folder = door.slice(0, door.lastIndexOf('/') + 1);
  const fields = wholesOf(door).flatMap(optionsOf);
  for (const [, list = '', file = ''] of readDocument(door).matchAll(
    /\{([^}]*)\} from '\.\/([^']+)'/g,
  )) {
    const source = readDocument(folder + file);
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
