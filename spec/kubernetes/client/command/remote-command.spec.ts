import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { ExecOptions } from '../../../../lib/kubernetes/client/command/command-options.ts';
import { attach, exec } from '../../../../lib/kubernetes/client/command/exec.ts';
import type { RemoteCommand } from '../../../../lib/kubernetes/client/command/remote-command.ts';
import { run } from '../../../../lib/kubernetes/client/command/run.ts';
import { ConnectionLostError, RemoteFailureError } from '../../../../lib/kubernetes/errors.ts';
import { exitStatus, internalError } from '../../../../lib/kubernetes/wire/status.ts';
import { CANCEL } from '../../../../lib/protocol/constants.ts';
import {
  type ScriptedConnection,
  type ScriptedServer,
  scriptedServer,
} from '../../../support/scripted-kubernetes.ts';
import { closed, until } from '../../../support/session-pair.ts';

/** A server that is gone after the test. */
let server: ScriptedServer | null = null;

async function serve(
  script: (connection: ScriptedConnection) => void | Promise<void>,
  protocol?: string | null,
): Promise<ScriptedServer> {
  server = await scriptedServer(script, protocol);
  return server;
}

/** Options for a command on that server. */
function options(more: Partial<ExecOptions> = {}): ExecOptions {
  const cluster = { server: server?.url ?? '' };
  return { cluster, pod: 'p1', container: 'c1', command: ['true'], ...more } as ExecOptions;
}

/** How `exited` rejects. */
async function failureOf(command: RemoteCommand): Promise<Error & { code?: string }> {
  return command.exited.then(
    (exit) => expect.fail(`it resolved: ${JSON.stringify(exit)}`),
    (error: Error) => error,
  );
}

/** Accepts error, stdout and stderr. */
async function accept(
  connection: ScriptedConnection,
): Promise<Awaited<ReturnType<ScriptedConnection['accept']>>[]> {
  return Promise.all(['error', 'stdout', 'stderr'].map((type) => connection.accept(type)));
}

describe('RemoteCommand', () => {
  afterEach(async () => {
    await server?.close();
    server = null;
  });

  it('asks for what the options say, and opens one stream for each', async () => {
    const { connections } = await serve(() => {});
    const command = await exec(
      options({ namespace: 'n', stdin: true, command: ['sh', '-c', 'a b&c'] }),
    );
    const { request, streams } = await connectionOf(connections);
    expect(request.method).to.equal('POST');
    expect(request.url).to.equal(
      '/api/v1/namespaces/n/pods/p1/exec?command=sh&command=-c&command=a%20b%26c&container=c1&stderr=true&stdin=true&stdout=true',
    );
    expect(request.headersDistinct['x-stream-protocol-version']).to.deep.equal([
      'v4.channel.k8s.io',
      'v3.channel.k8s.io',
      'v2.channel.k8s.io',
      'channel.k8s.io',
    ]);
    await until(() => streams.size === 4);
    expect([...streams].map(([type, { id }]) => [type, id])).to.deep.equal([
      ['error', 1],
      ['stdin', 3],
      ['stdout', 5],
      ['stderr', 7],
    ]);
    expect(command.protocol).to.equal('v4.channel.k8s.io');
    command.close();
    expect(await failureOf(command)).to.have.property('code', 'ERR_SPDY_ABORTED');
  });

  for (const exitCode of [0, 3, 255]) {
    it(`has exit code ${exitCode} and all output, then leaves with GOAWAY`, async () => {
      const { connections } = await serve(async (connection) => {
        const [error, stdout, stderr] = await accept(connection);
        stdout?.end('out');
        stderr?.end('err');
        error?.end(JSON.stringify(exitStatus(exitCode)));
      });
      const command = await exec(options());
      const [out, err, exit] = await Promise.all([
        text(command.stdout as Readable),
        text(command.stderr as Readable),
        command.exited,
      ]);
      expect({ out, err, exit }).to.deep.equal({ out: 'out', err: 'err', exit: { exitCode } });
      const { session } = await connectionOf(connections);
      await closed(session);
      expect(session.state.phase).to.equal('closed');
      expect(session.state.goawayReceived).to.equal(true);
    });
  }

  it('takes a status whose stream is reset after it, and GOAWAY, as the real servers send them', async () => {
    await serve(async (connection) => {
      const [error, stdout, stderr] = await accept(connection);
      stdout?.end('hello\n');
      stderr?.end();
      await new Promise((done) => error?.write(JSON.stringify(exitStatus(3)), done));
      error?.close(CANCEL);
      await connection.session.close();
    });
    const command = await exec(options());
    expect(await text(command.stdout as Readable)).to.equal('hello\n');
    expect(await command.exited).to.deep.equal({ exitCode: 3 });
  });

  it('waits for the output when the status comes early', async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await serve(async (connection) => {
      const [error, stdout, stderr] = await accept(connection);
      error?.end(JSON.stringify(exitStatus(7)));
      stderr?.end();
      await released;
      stdout?.end('late');
    });
    const command = await exec(options());
    let exited = false;
    void command.exited.then(() => {
      exited = true;
    });
    await once((command.stderr as Readable).resume(), 'end');
    expect(exited).to.equal(false);
    release();
    expect(await text(command.stdout as Readable)).to.equal('late');
    expect(await command.exited).to.deep.equal({ exitCode: 7 });
  });

  it('keeps what has arrived for a reader that comes later than the outcome', async () => {
    const payload = randomBytes(500_000);
    await serve(async (connection) => {
      const [error, stdout, stderr] = await accept(connection);
      stdout?.end(payload);
      stderr?.end();
      error?.end(JSON.stringify(exitStatus(0)));
    });
    const command = await exec(options());
    await command.exited;
    expect((await buffer(command.stdout as Readable)).equals(payload)).to.equal(true);
  });

  it('fails with the words of the server when the command could not be run', async () => {
    const status = internalError('no such file: nope');
    await serve(async (connection) => {
      const [error] = await accept(connection);
      // Neither stdout nor stderr is finished.
      error?.end(JSON.stringify(status));
    });
    const command = await exec(options());
    const error = await failureOf(command);
    expect(error).to.be.instanceOf(RemoteFailureError);
    expect(error).to.include({ code: 'ERR_SPDY_REMOTE_FAILURE', message: status.message });
    expect((error as RemoteFailureError).status).to.deep.equal(status);
    await until(() => (command.stdout as Readable).destroyed);
  });

  it('shows no control characters of the words of the server', async () => {
    for (const protocol of ['v4.channel.k8s.io', 'v2.channel.k8s.io']) {
      const words = 'no\u001b[2J\nway';
      const json = protocol.startsWith('v4');
      await serve(async (connection) => {
        const [error, stdout, stderr] = await accept(connection);
        for (const output of [stdout, stderr]) output?.end();
        error?.end(json ? JSON.stringify(internalError(words)) : words);
      }, protocol);
      const error = await failureOf(await exec(options()));
      expect(error.message).to.match(/no \[2J way$/);
      await server?.close();
    }
  });

  describe('never takes for success', () => {
    const endings: Record<string, (connection: ScriptedConnection) => Promise<void>> = {
      'a connection that is cut': async ({ socket }) => {
        socket.destroy();
      },
      'a connection that ends': async ({ session }) => {
        await session.close();
      },
      'an error stream that ends without a word': async (connection) => {
        const [error, stdout, stderr] = await accept(connection);
        for (const stream of [stdout, stderr, error]) stream?.end();
      },
      'an idle timeout: all streams reset, GOAWAY': async (connection) => {
        const streams = await accept(connection);
        await until(() => connection.session.statistics.framesSent >= streams.length);
        for (const stream of streams) stream.close(CANCEL);
        await connection.session.close();
      },
    };
    for (const [name, ending] of Object.entries(endings)) {
      it(name, async () => {
        await serve(ending);
        const command = await exec(options());
        command.stdout?.resume();
        command.stderr?.resume();
        const error = await failureOf(command);
        expect(error).to.be.instanceOf(ConnectionLostError);
        expect(error).to.have.property('status', null);
      });
    }

    it('output that is cut before its end, whatever the status says', async () => {
      await serve(async (connection) => {
        const [error, stdout, stderr] = await accept(connection);
        stderr?.end();
        error?.end(JSON.stringify(exitStatus(0)));
        stdout?.write('half');
        stdout?.close(CANCEL);
      });
      const command = await exec(options());
      command.stdout?.resume();
      command.stderr?.resume();
      const error = await failureOf(command);
      expect(error).to.be.instanceOf(ConnectionLostError);
      expect((error as ConnectionLostError).status).to.deep.equal(exitStatus(0));
    });
  });

  describe('fails when the status', () => {
    for (const [name, words] of Object.entries({
      'is no JSON': 'oops',
      'is half of one': '{"status":"Succ',
      'says nothing': '{}',
      'has an exit code that is none': JSON.stringify({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        message: 'm',
        details: { causes: [{ reason: 'ExitCode', message: '256' }] },
      }),
      'is endless': 'x'.repeat(70_000),
    })) {
      it(name, async () => {
        await serve(async (connection) => {
          const [error, stdout, stderr] = await accept(connection);
          stdout?.end();
          stderr?.end();
          error?.end(words);
        });
        const error = await failureOf(await exec(options()));
        expect(error.code).to.be.oneOf(['ERR_SPDY_PROTOCOL', 'ERR_SPDY_REMOTE_FAILURE']);
        expect(error.message.length).to.be.below(400);
      });
    }
  });

  it('is refused by RST_STREAM instead of SYN_REPLY', async () => {
    await serve(async (connection) => {
      await until(() => connection.streams.size === 3);
      connection.streams.get('stdout')?.close(CANCEL);
    });
    const error = await failureOf(await exec(options()));
    expect(error).to.be.instanceOf(RemoteFailureError);
    expect(error.message).to.equal('the server refused the stream stdout: RST_STREAM 5');
  });

  it('gives up when the server does not accept its streams', async () => {
    const { connections } = await serve(() => {});
    const error = await failureOf(await exec(options({ replyTimeoutMs: 30 })));
    expect(error.code).to.equal('ERR_SPDY_TIMEOUT');
    await closed((await connectionOf(connections)).session);
  });

  it('is aborted by its signal', async () => {
    const { connections } = await serve(async (connection) => {
      await accept(connection);
    });
    const controller = new AbortController();
    const command = await exec(options({ signal: controller.signal }));
    controller.abort(new Error('enough'));
    const error = await failureOf(command);
    expect(error.code).to.equal('ERR_SPDY_ABORTED');
    expect(error.cause).to.have.property('message', 'enough');
    expect(command.stdout?.destroyed).to.equal(true);
    await closed((await connectionOf(connections)).session);
  });

  describe('stdin', () => {
    it('leaves in frames of up to 128 KiB, or of what the options say', async () => {
      for (const [session, lengths] of [
        [undefined, [131_072, 131_072, 37_856]],
        [{ maxDataSize: 100_000 }, [100_000, 100_000, 100_000]],
      ] as const) {
        const received: number[] = [];
        await serve(async (connection) => {
          connection.session.on('dataRecv', (_flags, _id, length) => received.push(length));
          const stdin = await connection.accept('stdin');
          const [error, stdout, stderr] = await accept(connection);
          stdin.resume().on('end', () => {
            stdout?.end();
            stderr?.end();
            error?.end(JSON.stringify(exitStatus(0)));
          });
        });
        const command = await exec(options({ stdin: true, session }));
        command.stdin?.end(Buffer.alloc(300_000));
        command.stdout?.resume();
        command.stderr?.resume();
        await command.exited;
        expect(received.filter((length) => length > 0)).to.deep.equal(lengths);
        await server?.close();
      }
    });

    it('waits until all streams are accepted, then flows whole, and ends', async () => {
      const payload = randomBytes(1 << 20);
      const { connections } = await serve(async (connection) => {
        const stdin = await connection.accept('stdin');
        const [error, stdout, stderr] = await accept(connection);
        stdin.pipe(stdout as NonNullable<typeof stdout>);
        stdin.on('end', () => {
          stderr?.end();
          error?.end(JSON.stringify(exitStatus(0)));
        });
      });
      const command = await exec(options({ stdin: true }));
      command.stdin?.end(payload);
      const { session, streams } = await connectionOf(connections);
      await until(() => streams.size === 4);
      expect(session.statistics.dataReceived).to.equal(0);
      expect((await buffer(command.stdout as Readable)).equals(payload)).to.equal(true);
      expect(await command.exited).to.deep.equal({ exitCode: 0 });
    });

    it('is closed without an error when the command ends before it has read all', async () => {
      await serve(async (connection) => {
        const stdin = await connection.accept('stdin');
        const [error, stdout, stderr] = await accept(connection);
        await once(stdin, 'readable');
        stdin.close(CANCEL);
        stdout?.end('x');
        stderr?.end();
        error?.end(JSON.stringify(exitStatus(0)));
      });
      const command = await exec(options({ stdin: true }));
      const endless = Readable.from(
        (function* () {
          for (;;) yield Buffer.alloc(65536);
        })(),
      );
      endless.pipe(command.stdin as NonNullable<typeof command.stdin>);
      expect(await text(command.stdout as Readable)).to.equal('x');
      expect(await command.exited).to.deep.equal({ exitCode: 0 });
      expect(command.stdin?.destroyed).to.equal(true);
      expect(command.stdin?.errored).to.equal(null);
      endless.destroy();
    });

    it('is closed when the server finishes the stream', async () => {
      await serve(async (connection) => {
        const stdin = await connection.accept('stdin');
        await accept(connection);
        stdin.end();
      });
      const command = await exec(options({ stdin: true }));
      await once(command.stdin as NonNullable<typeof command.stdin>, 'close');
      command.close();
    });
  });

  describe('on a terminal', () => {
    it('has no stderr, tells its first size and each new one as a line of JSON', async () => {
      const lines: string[] = [];
      const { connections } = await serve(async (connection) => {
        await Promise.all(['error', 'stdout'].map((type) => connection.accept(type)));
        const resize = await connection.accept('resize');
        resize.on('data', (chunk) => lines.push(String(chunk)));
      });
      const command = await exec(options({ tty: true, size: { columns: 80, rows: 24 } }));
      expect(command.stderr).to.equal(null);
      const { request, streams } = await connectionOf(connections);
      expect(request.url).to.match(/\?command=true&container=c1&stdout=true&tty=true$/);
      await until(() => streams.size === 3);
      command.resize({ columns: 100, rows: 30 });
      const both = '{"Width":80,"Height":24}\n{"Width":100,"Height":30}\n';
      await until(() => lines.join('') === both);
      expect(() => command.resize({ columns: 0, rows: 30 })).to.throw('size.columns');
      command.close();
    });

    for (const protocol of ['v2.channel.k8s.io', 'channel.k8s.io', null]) {
      it(`has no resize stream with ${protocol ?? 'no protocol named'}`, async () => {
        const { connections } = await serve(() => {}, protocol);
        const command = await exec(options({ tty: true, size: { columns: 80, rows: 24 } }));
        expect(command.protocol).to.equal(protocol ?? 'channel.k8s.io');
        const { streams } = await connectionOf(connections);
        await until(() => streams.size >= 2);
        expect([...streams.keys()]).to.deep.equal(['error', 'stdout']);
        command.close();
      });
    }
  });

  for (const protocol of ['v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io', null]) {
    describe(`with ${protocol ?? 'no protocol named'}`, () => {
      it('has exit code 0 when the output ends and the error stream is silent', async () => {
        await serve(async (connection) => {
          const [error, stdout, stderr] = await accept(connection);
          // As v1 servers do it.
          error?.close(CANCEL);
          stdout?.end('fine');
          stderr?.end();
        }, protocol);
        const command = await exec(options());
        expect(await text(command.stdout as Readable)).to.equal('fine');
        expect(await command.exited).to.deep.equal({ exitCode: 0 });
      });

      it('fails with the text of the error stream', async () => {
        await serve(async (connection) => {
          const [error, stdout, stderr] = await accept(connection);
          stdout?.end();
          stderr?.end();
          error?.end('command terminated with exit code 3\n');
        }, protocol);
        const error = await failureOf(await exec(options()));
        expect(error).to.be.instanceOf(RemoteFailureError);
        expect(error.message).to.equal('command terminated with exit code 3');
      });

      it('never takes a connection that ends before the error stream for success', async () => {
        await serve(async (connection) => {
          const [, stdout, stderr] = await accept(connection);
          stdout?.end('out');
          stderr?.end();
          await Promise.all([stdout, stderr].map((stream) => once(stream as never, 'finish')));
          connection.socket.end();
        }, protocol);
        const command = await exec(options());
        command.stdout?.resume();
        command.stderr?.resume();
        expect(await failureOf(command)).to.be.instanceOf(ConnectionLostError);
      });

      it('never takes a connection that is cut for success', async () => {
        await serve(async (connection) => {
          const [, stdout] = await accept(connection);
          stdout?.write('half', () => connection.socket.destroy());
        }, protocol);
        const command = await exec(options());
        command.stdout?.resume();
        expect(await failureOf(command)).to.be.instanceOf(ConnectionLostError);
      });
    });
  }

  it('attached to a process has an exit code only if the server tells one', async () => {
    const codes = [0, 3];
    const { connections } = await serve(async (connection) => {
      const [error, stdout, stderr] = await accept(connection);
      stdout?.end();
      stderr?.end();
      error?.end(JSON.stringify(exitStatus(codes.shift() ?? 0)));
    });
    const { command: _, ...target } = options();
    for (const exitCode of [null, 3]) {
      const attached = await attach(target);
      attached.stdout?.resume();
      attached.stderr?.resume();
      expect(await attached.exited).to.deep.equal({ exitCode });
    }
    const { request } = await connectionOf(connections);
    expect(request.url).to.equal(
      '/api/v1/namespaces/default/pods/p1/attach?container=c1&stderr=true&stdout=true',
    );
  });

  it('sends PING, one at a time', async () => {
    const { connections } = await serve(async (connection) => {
      await accept(connection);
    });
    const command = await exec(options({ pingIntervalMs: 5 }));
    const { session } = await connectionOf(connections);
    let pings = 0;
    session.on('ping', () => pings++);
    await until(() => pings >= 3);
    command.close();
  });

  describe('run()', () => {
    it('collects the output of a command with input', async () => {
      await serve(async (connection) => {
        const stdin = await connection.accept('stdin');
        const [error, stdout, stderr] = await accept(connection);
        stdout?.end((await text(stdin)).toUpperCase());
        stderr?.end('done');
        error?.end(JSON.stringify(exitStatus(2)));
      });
      for (const input of ['abc', Buffer.from('abc'), Readable.from(['a', 'bc'])]) {
        const { exitCode, stdout, stderr } = await run({ ...options(), input });
        expect([exitCode, String(stdout), String(stderr)]).to.deep.equal([2, 'ABC', 'done']);
      }
    });

    it('rejects when there is more output than it may keep, and ends the connection', async () => {
      const { connections } = await serve(async (connection) => {
        const [, stdout] = await accept(connection);
        stdout?.write(Buffer.alloc(100_000));
      });
      const error = await run({ ...options(), maxOutputBytes: 99_999 }).then(
        () => expect.fail('it resolved'),
        (reason: Error & { code: string }) => reason,
      );
      expect(error.code).to.equal('ERR_SPDY_TOO_MUCH_BUFFERED');
      await closed((await connectionOf(connections)).session);
    });

    it('rejects with the reason of the server, not with that its output was cut', async () => {
      await serve(async (connection) => {
        const [error, stdout] = await accept(connection);
        stdout?.write('x');
        error?.end(JSON.stringify(internalError('m')));
      });
      const error = await run(options()).then(
        () => expect.fail('it resolved'),
        (reason: Error) => reason,
      );
      expect(error).to.be.instanceOf(RemoteFailureError);
    });

    it('rejects with the error of its input', async () => {
      await serve(async (connection) => {
        await connection.accept('stdin');
        await accept(connection);
      });
      const input = new Readable({
        read() {
          this.destroy(new Error('no more'));
        },
      });
      const error = await run({ ...options(), input }).then(
        () => expect.fail('it resolved'),
        (reason: Error) => reason,
      );
      expect(error.message).to.equal('no more');
    });

    it('rejects with the error of an input that fails before there is a command', async () => {
      const input = new Readable({ read() {} });
      await serve(async (connection) => {
        await connection.accept('stdin');
        await accept(connection);
      });
      const running = run({ ...options(), input });
      input.destroy(new Error('no such file'));
      const error = await running.then(
        () => expect.fail('it resolved'),
        (reason: Error) => reason,
      );
      expect(error.message).to.equal('no such file');
    });

    it('destroys its input when there is no connection', async () => {
      const input = new Readable({ read() {} });
      const cluster = { server: 'http://127.0.0.1:1' };
      const error = await run({ ...options({ cluster }), input }).catch((reason) => reason);
      expect(error).to.include({ code: 'ECONNREFUSED' });
      expect(input.destroyed).to.equal(true);
    });
  });

  describe('options', () => {
    for (const [name, wrong] of Object.entries({
      'an empty command': { command: [] },
      'a command that is no array': { command: 'ls' },
      'no stream at all': { stdout: false, stderr: false },
      'a flag that is none': { tty: 1 },
      'a pod that leads elsewhere': { pod: '../x' },
      'a server that is no URL': { cluster: { server: 'x' } },
      'a server that is no web server': { cluster: { server: 'ftp://x' } },
      'a URL that is none': { url: 'x' },
      'a size of nothing': { tty: true, size: { columns: 0, rows: 1 } },
      'a kubelet without a container': { api: 'kubelet', container: undefined },
    })) {
      it(`refuses ${name}`, async () => {
        const error = await exec({
          ...options({ cluster: { server: 'http://127.0.0.1:1' } }),
          ...wrong,
        } as never).then(
          () => expect.fail('it resolved'),
          (reason: Error & { code: string }) => reason,
        );
        expect(error.code).to.equal('ERR_SPDY_INVALID_ARGUMENT');
      });
    }
  });

  it('finds a kubelet and the URL of a container runtime', async () => {
    const { connections, url } = await serve(() => {});
    const more = { api: 'kubelet' as const, uid: 'u-1', stdin: true, tty: true };
    (await exec(options(more))).close();
    (await exec({ url: `${url}/exec/AbCd1234`, command: ['x'] })).close();
    await until(() => connections.length === 2);
    expect(connections.map(({ request }) => request.url)).to.deep.equal([
      '/exec/default/p1/u-1/c1?command=true&input=1&output=1&tty=1',
      '/exec/AbCd1234',
    ]);
  });
});

async function connectionOf(
  connections: readonly ScriptedConnection[],
): Promise<ScriptedConnection> {
  await until(() => connections.length > 0);
  return connections[0] as ScriptedConnection;
}
