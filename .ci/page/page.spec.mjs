// The pages of `spdydump --html` and `spdyload --html` in the system's Chromium: `npm run test:page`. What is there is compared, not pixels.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { chromium } from 'playwright-core';
import { ConnectionDecoder, DumpPage, loadPage } from '../../build/lib/tools/index.js';
import { loadRecordings } from '../../build/spec/corpus/recordings.js';
import { RESULT } from '../../build/spec/tools/load/load-result.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const MANY = 100_000;

/** The page of a recorded connection. */
function recorded(name) {
  const { bytes, chunks, version } = loadRecordings().find((one) => one.name === name);
  const page = new DumpPage({ title: name });
  const decoder = new ConnectionDecoder({ number: 1, version }, page);
  for (const { ms, dir, offset, length } of chunks) {
    decoder.push(dir, bytes[dir].subarray(offset, offset + length), 1e12 + ms);
  }
  return page;
}

/** A page whose every text wants to be a tag. */
function hostile() {
  const page = new DumpPage({ title: '<img src=x onerror="document.title=1">' });
  const evil =
    '</script><script>document.title="owned"</script><img src=x onerror="document.title=2">';
  const head = { connection: 1, time: 1 };
  page.event({
    ...head,
    event: 'connection',
    client: evil,
    server: evil,
    version: 'spdy/3',
    opening: evil,
  });
  page.event({ ...head, event: 'note', direction: 'c2s', offset: 1, text: evil });
  const frame = {
    ...head,
    event: 'frame',
    number: 1,
    direction: 'c2s',
    offset: 0,
    stream: 1,
    length: 1,
  };
  page.event({
    ...frame,
    type: 'SYN_STREAM',
    flags: [evil],
    headers: [
      [evil, evil],
      [':method', evil],
    ],
    warnings: [evil],
  });
  return page;
}

function many() {
  const page = new DumpPage();
  const head = { connection: 1, event: 'frame', flags: [], warnings: [], offset: 0 };
  page.event({
    event: 'connection',
    connection: 1,
    time: 0,
    client: null,
    server: null,
    version: 'spdy/3.1',
    opening: null,
  });
  for (let i = 0; i < MANY; i++) {
    const stream = 2 * Math.floor(i / 20) + 1;
    const type = i % 20 === 0 ? 'SYN_STREAM' : 'DATA';
    page.event({
      ...head,
      number: i + 1,
      time: i,
      direction: i % 20 === 0 ? 'c2s' : 's2c',
      type,
      stream,
      length: i % 9000,
      window: 65536 - (i % 60000),
      sessionWindow: 5,
    });
  }
  return page;
}

describe('pages of programs', function () {
  this.timeout(120_000);
  let browser;
  let folder;

  before(async () => {
    expect(
      existsSync(CHROMIUM),
      `${CHROMIUM} (apt-get install chromium, or set CHROMIUM)`,
    ).to.equal(true);
    folder = mkdtempSync(path.join(tmpdir(), 'spdylay-page-'));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });

  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a page; whatever it complains about, or asks the network for, ends up in `problems`. */
  async function open(made, options = {}, ready = 'html[data-ready=true]') {
    const file = path.join(folder, 'page.html');
    writeFileSync(file, made.html());
    const page = await browser.newPage({ viewport: { width: 1300, height: 800 }, ...options });
    const problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => problems.push(message.text()));
    page.on('request', (request) => {
      if (!/^file:.*page\.html$/.test(request.url())) problems.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    if (ready !== null) await page.waitForSelector(ready, { timeout: 60_000 });
    return { page, problems };
  }

  const selected = (page) => page.textContent('.frame[aria-selected=true]');
  /** How many colours a canvas shows. */
  const colorsOf = (page, id) =>
    page.evaluate((name) => {
      const canvas = document.getElementById(name);
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }, id);

  for (const colorScheme of ['light', 'dark']) {
    it(`shows frames, details and charts (${colorScheme})`, async () => {
      const { page, problems } = await open(recorded('netty-nginx-v3.1-mixed'), { colorScheme });
      expect(await page.textContent('#found')).to.equal('45 frames');
      const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(dark === 'rgb(20, 23, 28)').to.equal(colorScheme === 'dark');
      for (const id of ['bytes', 'windows', 'streams'])
        expect(await colorsOf(page, id)).to.be.above(2);
      await page.click('.frame >> text=SYN_STREAM');
      expect(await page.textContent('#details')).to.match(/SYN_STREAM of stream 1.*:method.*GET/s);
      expect(problems).to.deep.equal([]);
      await page.close();
    });
  }

  it('is used by keys', async () => {
    const { page, problems } = await open(recorded('kubectl1.30-cp-down'));
    await page.keyboard.press('w');
    expect(await selected(page)).to.match(/^ +9 .*! the session window is overrun by 44 bytes/);
    expect(await page.textContent('#details')).to.include('the session window is overrun');
    await page.keyboard.press(']');
    expect(await selected(page)).to.match(/^ +10 /);
    await page.keyboard.press('[');
    await page.keyboard.press('k');
    expect(await selected(page)).to.match(/^ +8 /);
    await page.keyboard.press('End');
    expect(await selected(page)).to.match(/ GOAWAY /);
    await page.keyboard.press('Home');
    await page.keyboard.press('f');
    expect(await page.inputValue('#query')).to.equal('stream:1');
    await page.keyboard.press('/');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('type:data warning');
    await page.waitForFunction(
      () => document.getElementById('found').textContent === '2 of 46 frames',
    );
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    expect(await page.$('.frame[aria-selected=true]')).to.equal(null);
    expect(problems).to.deep.equal([]);
    await page.close();
  });

  it('zooms by dragging over a chart, and back', async () => {
    const { page } = await open(recorded('kubectl1.30-cp-down'));
    const { x, y, width } = await (await page.$('#bytes')).boundingBox();
    await page.mouse.move(x + width * 0.5, y + 20);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.7, y + 20);
    await page.mouse.up();
    expect(await page.textContent('#found')).to.match(/^\d\d? of 46 frames$/);
    await page.keyboard.press('0');
    expect(await page.textContent('#found')).to.equal('46 frames');
    await page.close();
  });

  it('changes between dark and light', async () => {
    const { page } = await open(recorded('kubectl1.30-cp-down'), { colorScheme: 'light' });
    await page.click('#theme');
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).to.equal(
      'rgb(20, 23, 28)',
    );
    await page.click('#theme');
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).to.equal(
      'rgb(255, 255, 255)',
    );
    await page.close();
  });

  it('runs nothing that stands in the frames', async () => {
    const { page, problems } = await open(hostile());
    await page.click('.frame');
    expect(await page.title()).to.equal('<img src=x onerror="document.title=1">');
    expect(await page.$$eval('img', (all) => all.length)).to.equal(0);
    expect(await page.$$eval('script', (all) => all.length)).to.equal(2);
    expect(problems).to.deep.equal([]);
    await page.close();
  });

  it(`has few elements for ${MANY} frames, and finds any of them`, async () => {
    const { page, problems } = await open(many());
    expect(await page.textContent('#found')).to.equal(`${MANY} frames`);
    await page.keyboard.press('End');
    expect(await selected(page)).to.match(new RegExp(`^ *${MANY} `));
    await page.fill('#query', 'stream:4001 type:syn_stream');
    await page.waitForFunction(() => /^1 of/.test(document.getElementById('found').textContent));
    expect(await page.$$eval('*', (all) => all.length)).to.be.below(400);
    expect(problems).to.deep.equal([]);
    await page.close();
  });

  for (const colorScheme of ['light', 'dark']) {
    it(`shows how a run of spdyload went (${colorScheme})`, async () => {
      const evil = '</title><script>document.title="owned"</script>';
      const errors = [{ message: evil, count: 1 }];
      const made = { html: () => loadPage({ ...RESULT, errors }, evil) };
      const { page, problems } = await open(made, { colorScheme }, null);
      expect(await page.title()).to.equal(evil);
      const boxes = await page.$$eval('svg path.line', (all) =>
        all.map((line) => [getComputedStyle(line).stroke, line.getBoundingClientRect().width]),
      );
      expect(new Set(boxes.map(([color]) => color)).size).to.equal(3);
      for (const [, width] of boxes) expect(width).to.be.above(100);
      const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(dark === 'rgb(20, 23, 28)').to.equal(colorScheme === 'dark');
      expect(problems).to.deep.equal([]);
      await page.close();
    });
  }
});
