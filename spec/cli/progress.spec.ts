import { expect } from 'chai';
import { Progress, progressLine } from '../../lib/cli/progress.ts';

class Screen {
  text = '';
  readonly columns = 60;
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

function later(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

describe('progress', () => {
  it('shows a bar on a terminal after a while, and takes it away', async () => {
    const screen = new Screen(true);
    const progress = new Progress(screen, true, 100);
    progress.add(progress.expect(1000), 500);
    await later(50);
    expect(screen.text).to.equal('');
    await later(250);
    expect(screen.text).to.match(/^\r 50% \[={12} {12}\] 500 B of 1\.0 kB, /);
    for (const line of screen.text.split('\r')) expect(line.length).to.be.at.most(62);
    progress.stop();
    expect(screen.text.endsWith('\r\x1b[K')).to.equal(true);
    const { length } = screen.text;
    await later(250);
    expect(screen.text).to.have.lengthOf(length);
  });

  it('shows nothing elsewhere', async () => {
    const screens = [new Screen(false), new Screen(true)];
    const shown = screens.map((screen) => new Progress(screen, !screen.isTTY, 20));
    await later(250);
    for (const progress of shown) progress.stop();
    expect(screens.map(({ text }) => text)).to.deep.equal(['', '']);
  });

  it('shows how much there is, and of how much if that is known', () => {
    expect(progressLine(1_500_000, 3_000_000, 2)).to.equal(
      ' 50% [============            ] 1.5 MB of 3.0 MB, 750.0 kB/s',
    );
    expect(progressLine(20, 10, 1)).to.include('100% [========================]');
    expect(progressLine(2_000_000_000, null, 0)).to.equal('2.0 GB, 0 B/s');
    expect(progressLine(999, 0, 1)).to.equal('999 B, 999 B/s');
  });

  it('counts a body that comes once more once', async () => {
    const screen = new Screen(true);
    const progress = new Progress(screen, true, 20);
    for (const length of [null, 1000]) {
      const first = progress.expect(length);
      progress.add(first, 900);
      progress.forget(first);
    }
    progress.add(progress.expect(1000), 250);
    while (screen.text === '') await later(20);
    progress.stop();
    expect(screen.text).to.match(/^\r 25% \[={6} {18}\] 250 B of 1\.0 kB, /);
  });

  it('has no bar when one body does not tell its length', async () => {
    const screen = new Screen(true);
    const progress = new Progress(screen, true, 20);
    progress.expect(1000);
    progress.expect(null);
    progress.add(progress.expect(1000), 10);
    await later(250);
    progress.stop();
    expect(screen.text).to.match(/^\r10 B, /);
  });
});
