import cluster from 'node:cluster';
import { expect } from 'chai';
import { UsageError } from '../../../lib/cli/arguments.ts';
import { inheritedSocket } from '../../../lib/cli/spdyproxy/config.ts';

describe('cli/spdyproxy/config: sockets that were handed over', () => {
  const { LISTEN_FDS, LISTEN_PID } = process.env;

  function hand(over: number, to: number): void {
    Object.assign(process.env, { LISTEN_FDS: String(over), LISTEN_PID: String(to) });
  }

  afterEach(() => {
    Object.assign(cluster, { isWorker: false });
    for (const [name, value] of Object.entries({ LISTEN_FDS, LISTEN_PID })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  it('are those of this process', () => {
    hand(2, process.pid);
    expect([inheritedSocket(0), inheritedSocket(1)]).to.deep.equal([3, 4]);
    expect(() => inheritedSocket(2)).to.throw(UsageError, 'no socket 2');
    expect(() => inheritedSocket(-1)).to.throw(UsageError);
  });

  it('are those of the leader in a worker', () => {
    hand(1, process.ppid);
    expect(() => inheritedSocket(0)).to.throw(UsageError, 'no socket 0');
    Object.assign(cluster, { isWorker: true });
    expect(inheritedSocket(0)).to.equal(3);
  });
});
