import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

describe('examples of Kubernetes', () => {
  it('kube-fake runs', async () => {
    const file = fileURLToPath(new URL('../../examples/kube-fake.js', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file]);
    expect(stderr).to.equal('');
    expect(stdout).to.include('run: exit code 0, output 12\n');
    expect(stdout).to.include('exec: stderr oops\nexec: exit code 3\n');
    expect(stdout).to.include('port-forward: 20 pages at once, the last one: page /19\n');
    expect(stdout).to.match(/kubectl: (not installed|exit code 7)\n$/);
  });

  it('gateway runs', async () => {
    const file = fileURLToPath(new URL('../../examples/gateway.js', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file]);
    expect(stderr).to.equal('');
    expect(stdout).to.include('gateway: exec in default/shell\nrun: exit code 0, output 12\n');
    expect(stdout).to.match(/run: 403: .*rm is not for you\n/);
    expect(stdout).to.include('page /hello\n');
    expect(stdout).to.match(/kubectl: (not installed|exit code 7)\n$/);
  });

  it('plugin-login runs', async () => {
    const file = fileURLToPath(new URL('../../examples/plugin-login.js', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file]);
    expect(stderr).to.equal('');
    expect(stdout).to.match(
      /^user me: 1 login\nrun: inside, 2 logins\nrun: inside, 2 logins\nkubectl: (not installed|exit code 7)\n$/,
    );
  });

  it('kube-test runs', async () => {
    const file = fileURLToPath(new URL('../../examples/kube-test.js', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file]);
    expect(stderr).to.equal('');
    if (stdout === 'kubectl is not installed\n') return;
    const lines = stdout.split('\n');
    expect(lines.slice(0, 2)).to.deep.equal([
      'all goes well: exit code 0, migrated',
      'the database is late: exit code 0, migrated',
    ]);
    expect(lines[2]).to.match(
      /^the server is busy: exit code 0, attempt 1 has failed, (?:attempt 2 has failed, )?migrated$/,
    );
    expect(lines.slice(3)).to.deep.equal(['nobody may exec: exit code 2, not allowed', '']);
  });
});
