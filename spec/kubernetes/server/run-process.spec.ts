import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { expect } from 'chai';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import {
  type RunProcessOptions,
  runProcess,
  type ServerCommand,
} from '../../../lib/kubernetes/index.ts';
import { until } from '../../support/session-pair.ts';

/** Takes everything, and keeps it. */
class Collector extends Writable {
  readonly chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
}

interface Trial {
  readonly stdin: PassThrough;
  readonly stdout: Collector;
  readonly stderr: Collector;
  readonly command: ServerCommand & EventEmitter;
  readonly abort: () => void;
}

/** What a handler is given, without a client. */
function trial(words: readonly string[], facts: Partial<ServerCommand> = {}): Trial {
  const controller = new AbortController();
  const stdin = new PassThrough();
  const stdout = new Collector();
  const stderr = new Collector();
  const { signal } = controller;
  const command = Object.assign(new EventEmitter(), {
    ...{ command: words, stdin, stdout, stderr, tty: false, size: null, signal },
    ...facts,
  }) as unknown as ServerCommand;
  return { stdin, stdout, stderr, command, abort: () => controller.abort() };
}

const sh = (script: string): string[] => ['sh', '-c', script];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('runProcess()', () => {
  if (process.platform === 'win32') return;

  it('connects the standard streams and gives the exit code', async () => {
    const { command, stdin, stdout, stderr } = trial(sh('cat; echo err >&2; exit 3'));
    stdin.end('in');
    expect(await runProcess(command)).to.equal(3);
    expect([stdout.text, stderr.text]).to.deep.equal(['in', 'err\n']);
    expect([stdout.writableFinished, stderr.writableFinished]).to.deep.equal([true, true]);
  });

  it('runs without any of them', async () => {
    const none = { stdin: null, stdout: null, stderr: null };
    expect(await runProcess(trial(sh('cat; echo out; exit 4'), none).command)).to.equal(4);
  });

  it('gives 128 and the number for a signal', async () => {
    expect(await runProcess(trial(sh('kill -9 $$')).command)).to.equal(137);
    expect(await runProcess(trial(sh('kill -TERM $$')).command)).to.equal(143);
  });

  it('tells on stderr what cannot be run: 127 not found, 126 not allowed', async () => {
    const missing = trial(['/no/such/program']);
    expect(await runProcess(missing.command)).to.equal(127);
    expect(missing.stderr.text).to.equal('/no/such/program: not found\n');
    const forbidden = trial(['/']);
    expect(await runProcess(forbidden.command)).to.equal(126);
    expect(forbidden.stderr.text).to.equal('/: permission denied\n');
    expect(await runProcess(trial(['/no/such'], { stderr: null }).command)).to.equal(127);
  });

  it('rejects without a program or working directory, and for words that no system takes', async () => {
    const failure = async (words: string[], options?: RunProcessOptions): Promise<unknown> =>
      runProcess(trial(words).command, options).then(
        () => null,
        (error: unknown) => error,
      );
    expect(await failure([])).to.be.instanceOf(InvalidArgumentError);
    const nowhere = (await failure(['sh'], { cwd: '/no/such' })) as Error;
    expect(nowhere).to.be.instanceOf(InvalidArgumentError);
    expect(nowhere.message).to.equal('the working directory /no/such is no directory');
    expect(await failure(['echo', 'a\0b'])).to.have.property('code', 'ERR_INVALID_ARG_VALUE');
  });

  it('takes another program, folder and environment', async () => {
    const { command, stdout } = trial(['ignored']);
    const options = {
      file: 'sh',
      args: ['-c', 'pwd; echo $A'],
      cwd: '/',
      env: { ...process.env, A: 'b' },
    };
    expect(await runProcess(command, options)).to.equal(0);
    expect(stdout.text).to.equal('/\nb\n');
  });

  it('drops stdin that the program does not read', async () => {
    const { command, stdin } = trial(sh('exec <&-; echo closed; sleep 0.2'));
    stdin.write(Buffer.alloc(1 << 20));
    expect(await runProcess(command)).to.equal(0);
    expect(stdin.destroyed).to.equal(true);
  });

  it('breaks the pipe when the client wants no more output', async () => {
    const { command, stdout } = trial(['yes'], { stderr: null });
    const result = runProcess(command);
    await until(() => stdout.chunks.length > 0);
    stdout.destroy();
    expect(await result).to.be.greaterThan(0);
  });

  it('is held by a slow reader', async () => {
    const slow = new PassThrough({ highWaterMark: 1024 });
    const { command } = trial(sh('head -c 1000000 /dev/zero'), { stdout: slow });
    const result = runProcess(command);
    await until(() => slow.writableNeedDrain);
    expect(slow.writableLength + slow.readableLength).to.be.lessThan(300_000);
    let length = 0;
    for await (const chunk of slow as Readable) length += (chunk as Buffer).length;
    expect(length).to.equal(1_000_000);
    expect(await result).to.equal(0);
  });

  describe('when the client is gone', () => {
    let folder = '';
    beforeEach(() => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-process-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    /** Starts a script that tells the number of a process in a file, and waits for that. */
    async function started(
      script: string,
      options: RunProcessOptions = {},
    ): Promise<{ pid: number; result: Promise<number>; trial: Trial }> {
      const file = path.join(folder, 'pid');
      const made = trial(sh(script));
      const env = { ...process.env, FILE: file };
      const result = runProcess(made.command, { env, ...options });
      await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
      return { pid: Number(readFileSync(file, 'utf8')), result, trial: made };
    }

    it('the process is ended, and what it has started', async () => {
      // The pipe stays open as long as anything has it.
      const script = 'sleep 1000 & echo $! > $FILE; wait';
      const { result, trial } = await started(script, { killTimeoutMs: 1_000_000 });
      trial.abort();
      expect(await result).to.equal(143);
    });

    it('SIGKILL follows when that does not help', async () => {
      const script = "trap '' TERM; echo $$ > $FILE; while :; do sleep 1; done";
      const { pid, result, trial } = await started(script, { killTimeoutMs: 20 });
      trial.abort();
      expect(await result).to.equal(137);
      expect(isAlive(pid)).to.equal(false);
    });

    it('the signal may be another one', async () => {
      const { result, trial } = await started('echo $$ > $FILE; exec sleep 1000', {
        killSignal: 'SIGINT',
      });
      trial.abort();
      expect(await result).to.equal(130);
    });

    it('it may be left alone', async () => {
      const { pid, result, trial } = await started('echo $$ > $FILE; exec sleep 1000', {
        whenGone: 'leave',
      });
      trial.abort();
      await result;
      expect(isAlive(pid)).to.equal(true);
      process.kill(pid, 'SIGKILL');
      for (const stream of [trial.stdin, trial.stdout, trial.stderr]) stream.destroy();
    });

    it('before it has begun, it does not run for long', async () => {
      const made = trial(['sleep', '1000']);
      made.abort();
      expect(await runProcess(made.command)).to.equal(143);
    });
  });

  it('is ended by a signal of whoever runs it, and what it has written is there', async () => {
    for (const tty of [false, true]) {
      const end = new AbortController();
      const { command, stdout } = trial(sh('echo here; exec sleep 1000'), {
        tty,
        ...(tty ? { stderr: null } : {}),
      });
      const result = runProcess(command, { signal: end.signal, killSignal: 'SIGTERM' });
      await until(() => stdout.text.includes('here'));
      end.abort();
      expect(await result).to.equal(143);
    }
    const wrong = runProcess(trial(['true']).command, { signal: {} as AbortSignal });
    expect(await wrong.catch((error: unknown) => error)).to.be.instanceOf(InvalidArgumentError);
  });

  describe('with a terminal', () => {
    const terminal = { tty: true, stderr: null } as const;

    it('the process has one, of the size that the client has told', async () => {
      const { command, stdout } = trial(sh('test -t 0 && test -t 1 && test -t 2 && stty size'), {
        ...terminal,
        size: { columns: 100, rows: 33 },
      });
      expect(await runProcess(command)).to.equal(0);
      expect(stdout.text).to.equal('33 100\r\n');
    });

    it('a new size reaches it', async () => {
      const script = "trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 0.05; done";
      const { command, stdout } = trial(sh(script), terminal);
      const result = runProcess(command);
      await until(() => stdout.text.includes('ready'));
      command.emit('resize', { columns: 90, rows: 20 });
      expect(await result).to.equal(5);
      expect(stdout.text).to.equal('ready\r\n20 90\r\n');
      command.emit('resize', { columns: 91, rows: 20 });
    });

    it('input is typed, and its end is Ctrl-D', async () => {
      const { command, stdin, stdout } = trial(
        sh('stty -echo; echo ready; cat; echo end'),
        terminal,
      );
      const result = runProcess(command);
      await until(() => stdout.text.includes('ready'));
      stdin.end('typed\n');
      expect(await result).to.equal(0);
      expect(stdout.text).to.equal('ready\r\ntyped\r\nend\r\n');
    });

    it('nothing of the output is lost, for fast readers and slow ones', async () => {
      const script = sh('head -c 300000 /dev/zero | tr "\\0" x; exit 7');
      const fast = trial(script, terminal);
      expect(await runProcess(fast.command)).to.equal(7);
      expect(fast.stdout.text.length).to.equal(300_000);
      const slow = new PassThrough({ highWaterMark: 1024 });
      const result = runProcess(trial(script, { ...terminal, stdout: slow }).command);
      let length = 0;
      while (length < 300_000) {
        length += (slow.read() as Buffer | null)?.length ?? 0;
        await new Promise((next) => setImmediate(next));
      }
      expect(await result).to.equal(7);
    });

    it('nothing of the output is lost when the process ends while nobody reads', async () => {
      let release: () => void = () => {};
      let text = '';
      const held = new Writable({
        highWaterMark: 1,
        write(chunk: Buffer, _encoding, done) {
          text += String(chunk);
          release = done;
        },
      });
      const script = sh('echo $$; sleep 0.2; head -c 2000 /dev/zero | tr "\\0" x; exit 7');
      const result = runProcess(trial(script, { ...terminal, stdout: held }).command);
      await until(() => text.includes('\n'));
      await until(() => !isAlive(Number.parseInt(text, 10)));
      expect(await result).to.equal(7);
      while (held.writableLength > 0) {
        release();
        await new Promise((next) => setImmediate(next));
      }
      expect(text).to.match(/^\d+\r\nx{2000}$/);
    });

    it('signals, and programs that cannot be run, have their exit codes', async () => {
      expect(await runProcess(trial(sh('kill -9 $$'), terminal).command)).to.equal(137);
      const missing = trial(['no-such-program'], terminal);
      expect(await runProcess(missing.command)).to.equal(127);
      expect(missing.stdout.text).to.equal('no-such-program: not found\n');
      const forbidden = trial(['/etc/passwd'], terminal);
      expect(await runProcess(forbidden.command)).to.equal(126);
      const relative = trial(['./true'], terminal);
      expect(await runProcess(relative.command, { cwd: '/bin' })).to.equal(0);
    });

    it('it hangs up when the client is gone', async () => {
      const { command, stdout, abort } = trial(sh('echo ready; sleep 1000'), terminal);
      const result = runProcess(command);
      await until(() => stdout.text.includes('ready'));
      abort();
      expect(await result).to.equal(129);
    });

    it('output goes nowhere when the client wants none of it', async () => {
      const none = trial(sh('head -c 300000 /dev/zero; exit 6'), { ...terminal, stdout: null });
      expect(await runProcess(none.command)).to.equal(6);
      const { command, stdout } = trial(sh('head -c 300000 /dev/zero; exit 6'), terminal);
      stdout.destroy();
      expect(await runProcess(command)).to.equal(6);
    });
  });
});
