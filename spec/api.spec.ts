import { expect } from 'chai';
import { REPOSITORY_ROOT } from './support/corpus-data.ts';

/** What scripts/api/model.mjs says of an export or a member. */
interface Described {
  readonly name: string;
  readonly declaration: string;
}

interface Item extends Described {
  readonly local: boolean;
  readonly members: readonly Described[];
}

interface Api {
  readonly entries: readonly { readonly name: string; readonly exports: readonly Item[] }[];
  readonly types: readonly Item[];
}

interface Undocumented {
  readonly count: number;
  readonly missing: readonly { file: string; line: number; name: string }[];
}

const script = <T>(name: string): Promise<T> =>
  import(new URL(`scripts/api/${name}.mjs`, REPOSITORY_ROOT).href);

describe('API', function () {
  // The compiler runs once.
  this.timeout(60_000);
  let api: Api;

  before(async () => {
    const { readApi } = await script<{ readApi(): Api }>('model');
    api = readApi();
  });

  it('is seen: all entries, with classes, their members and what these mention', () => {
    const [main, kubernetes, tools] = api.entries;
    expect(main?.name).to.equal('spdylay');
    expect(kubernetes?.name).to.equal('spdylay/kubernetes');
    expect(tools?.name).to.equal('spdylay/tools');
    const session = main?.exports.find(({ name }) => name === 'Session');
    expect(session?.members.map(({ name }) => name)).to.include.members(['attach', 'ping']);
    expect(kubernetes?.exports.map(({ name }) => name)).to.include.members(['exec', 'FakePod']);
    expect(api.types.map(({ name }) => name)).to.include('TypedDuplex');
  });

  it('takes undefined for all that need not be given, as users of exactOptionalPropertyTypes have it', () => {
    const optional = [...api.entries.flatMap((entry) => entry.exports), ...api.types].flatMap(
      ({ name, members }) =>
        members
          .filter(({ declaration }) => /^(readonly )?[\w'-]+\?: /.test(declaration))
          .map(({ declaration }) => `${name}: ${declaration}`),
    );
    expect(optional.length).to.be.above(300);
    const takesUndefined = /\| undefined;?$|: (unknown|any);?$/;
    expect(optional.filter((member) => !takesUndefined.test(member))).to.deep.equal([]);
  });

  it('has a sentence for everything that a user meets (node scripts/api/undocumented.mjs)', async () => {
    const { undocumented } = await script<{ undocumented(api: unknown): Undocumented }>(
      'undocumented',
    );
    const { count, missing } = undocumented(api);
    expect(count).to.be.above(1000);
    const places = missing.map(({ file, line, name }) => `${file}:${line} ${name}`);
    expect(places).to.deep.equal([]);

    const bare = { kind: 'method', doc: '', tags: [], file: 'lib/a.ts', line: 1 };
    const members = [
      { ...bare, name: 'told', doc: 'What it does.' },
      { ...bare, name: 'untold' },
    ];
    const exports = [{ ...bare, name: 'A', doc: 'What it is.', members }];
    const found = undocumented({ entries: [{ exports }], types: [] }).missing;
    expect(found.map(({ name }) => name)).to.deep.equal(['A.untold']);
  });

  it('says any nowhere, but for data of streams, as Node does', () => {
    const items = [...api.entries.flatMap(({ exports }) => exports), ...api.types];
    const found = items
      .filter(({ local }) => !local)
      .flatMap((item) => [item, ...item.members])
      .filter(({ declaration }) => /\bany\b/.test(declaration.replace(/'[^']*'/g, '')))
      .map(({ declaration }) => declaration);
    expect(found).to.deep.equal(['data: [chunk: any]']);
  });

  it('is described in docs/api as it is (else: npm run docs)', async () => {
    const { staleReference } = await script<{ staleReference(api: Api): readonly string[] }>(
      'reference',
    );
    expect(staleReference(api)).to.deep.equal([]);
  });
});
