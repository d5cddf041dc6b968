import { expect } from 'chai';
import { testServer } from '../../../../lib/tools/conformance/test-server.ts';
import { SERVER_TESTS } from '../../../../lib/tools/conformance/tests.ts';
import { faultyServer, type Mistakes } from '../faulty-server.ts';

describe('each test of a server', () => {
  /** Each of them is found by some test, and each test finds one of them. */
  const FAULTY: Readonly<Record<string, Mistakes>> = {
    'that answers nothing': {},
    'that answers everything': { answers: true },
    'that ends every session': { answers: true, gives: true },
    'that resets every stream': { answers: true, resets: true },
    'with large bodies and without windows': { answers: true, length: 100_000 },
    'with wrong fields': { answers: true, fields: [['Keep-Alive', 'x']] },
    'without a status': { answers: true, without: [':status'] },
    'that pushes with odd ids': { answers: true, pushes: true },
  };
  const failed = new Map<string, string>();

  before(async () => {
    for (const [what, mistakes] of Object.entries(FAULTY)) {
      const { port, end } = await faultyServer(mistakes);
      const only = SERVER_TESTS.map(({ id }) => id).filter((id) => !failed.has(id));
      const where = { host: '127.0.0.1', port, hostile: true, timeoutMs: 100 };
      if (only.length > 0)
        for await (const { id, outcome } of testServer({ ...where, only, versions: ['spdy/3.1'] }))
          if (outcome === 'failed') failed.set(id, what);
      await end();
    }
    // Those that only the older versions have.
    const { port, end } = await faultyServer({});
    const only = SERVER_TESTS.map(({ id }) => id).filter((id) => !failed.has(id));
    const where = { host: '127.0.0.1', port, only, timeoutMs: 100 };
    if (only.length > 0)
      for await (const { id, outcome } of testServer({ ...where, versions: ['spdy/2', 'spdy/3'] }))
        if (outcome === 'failed') failed.set(id, 'that answers nothing');
    await end();
  });

  for (const { id, title } of SERVER_TESTS) {
    it(`can fail: ${id} ${title}`, () => {
      expect(failed.get(id)).to.be.a('string');
    });
  }
});
