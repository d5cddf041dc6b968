import { escapeHtml } from '../../../common/html.ts';
import { htmlPage } from '../../page/html-page.ts';
import type { DumpEvent, DumpFrame } from '../events.ts';
import { connectionText, summary } from '../frame-text.ts';
import { CHART_SCRIPT } from './chart-script.ts';
import { LIST_SCRIPT } from './list-script.ts';
import { MODEL_SCRIPT } from './model-script.ts';
import { PAGE_STYLE } from './style.ts';

/** How a page is made. */
export interface PageOptions {
  /** Its title; default `spdydump`. */
  readonly title?: string | undefined;
  /** Frames that are kept, 1 to 1000000; what comes later is only counted. Default 100000. */
  readonly maxFrames?: number | undefined;
}

const PAGE_SCRIPT = `${MODEL_SCRIPT}${CHART_SCRIPT}${LIST_SCRIPT}`;
const MAX_FRAMES = 100_000;
/** Characters of headers and warnings that are kept; frames behind that have none. */
const MOST_TEXT = 64 << 20;
/** Notes that are kept. */
const MAX_NOTES = 1000;

/** What most frames do not have. */
type Extra = Partial<
  Pick<DumpFrame, 'flags' | 'headers' | 'headerBytes' | 'fields' | 'missing' | 'warnings'>
> & { summary?: string };

/**
 * A page of HTML with what a dump has found: bytes on the wire, windows and streams over time, and all frames with their details. It is one file that loads
 * nothing, and runs no other script than its own.
 */
export class DumpPage {
  readonly #title: string;
  readonly #maxFrames: number;
  readonly #types: string[] = [];
  readonly #connections: { number: number; text: string }[] = [];
  readonly #notes: { where: string; text: string }[] = [];
  readonly #columns = {
    number: [] as number[],
    time: [] as number[],
    connection: [] as number[],
    direction: [] as number[],
    type: [] as number[],
    stream: [] as number[],
    length: [] as number[],
    offset: [] as (number | null)[],
    window: [] as (number | null)[],
    sessionWindow: [] as (number | null)[],
    extra: [] as (Extra | 0)[],
  };
  #begun: number | null = null;
  #latest = 0;
  #dropped = 0;
  #text = 0;

  /** An empty page. */
  constructor({ title = 'spdydump', maxFrames = MAX_FRAMES }: PageOptions = {}) {
    this.#title = title;
    this.#maxFrames = maxFrames;
  }

  /** Keeps an event. */
  event(event: DumpEvent): void {
    if (event.time !== null) this.#begun ??= event.time;
    if (event.event === 'frame') {
      this.#frame(event);
    } else if (event.event === 'connection') {
      const text = `#${event.connection} ${connectionText(event)}`;
      this.#connections.push({ number: event.connection, text });
    } else if (event.event === 'note' && this.#notes.length < MAX_NOTES) {
      const where = event.direction === null ? '' : event.direction === 'c2s' ? ' C>S' : ' S>C';
      this.#notes.push({ where: `#${event.connection}${where}`, text: event.text });
    }
  }

  /** The page so far, as HTML. */
  html(): string {
    const notes = [...this.#notes];
    if (this.#dropped > 0) {
      notes.unshift({ where: '', text: `${this.#dropped} more frames are not on this page` });
    }
    if (this.#text > MOST_TEXT) {
      notes.unshift({ where: '', text: 'later frames are here without headers and warnings' });
    }
    const data = {
      timed: this.#begun !== null,
      types: this.#types,
      connections: this.#connections,
      notes,
      ...this.#columns,
    };
    return pageOf(this.#title, data);
  }

  /** Headers can be a thousand times as large as what was sent of them. */
  #extraOf(frame: DumpFrame): Extra | 0 {
    const { headers = [], warnings } = frame;
    for (const [name, value] of headers) this.#text += name.length + value.length;
    for (const text of warnings) this.#text += text.length;
    if (this.#text <= MOST_TEXT) return extraOf(frame);
    const { headers: _, ...rest } = frame;
    return extraOf({ ...rest, warnings: [] });
  }

  #frame(frame: DumpFrame): void {
    const columns = this.#columns;
    if (columns.number.length >= this.#maxFrames) {
      this.#dropped++;
      return;
    }
    let type = this.#types.indexOf(frame.type);
    if (type < 0) type = this.#types.push(frame.type) - 1;
    // Times never fall, so that charts and zoom may rely on it; without times frames stand one after the other.
    const { time } = frame;
    const since = time === null || this.#begun === null ? this.#latest + 1 : time - this.#begun;
    this.#latest = Math.max(this.#latest, Math.round(since * 1000) / 1000);
    columns.number.push(frame.number);
    columns.time.push(this.#latest);
    columns.connection.push(frame.connection);
    columns.direction.push(frame.direction === 'c2s' ? 0 : 1);
    columns.type.push(type);
    columns.stream.push(frame.stream);
    columns.length.push(frame.length);
    columns.offset.push(frame.offset);
    columns.window.push(frame.window ?? null);
    columns.sessionWindow.push(frame.sessionWindow ?? null);
    columns.extra.push(this.#extraOf(frame));
  }
}

function extraOf(frame: DumpFrame): Extra | 0 {
  const { flags, headers, headerBytes, fields, missing, warnings } = frame;
  const text = summary(frame).join(' ');
  const extra: Extra = {
    ...(flags.length === 0 ? {} : { flags }),
    ...(headers === undefined ? {} : { headers }),
    ...(headerBytes === undefined ? {} : { headerBytes }),
    ...(fields === undefined ? {} : { fields }),
    ...(missing === undefined ? {} : { missing }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(text === '' ? {} : { summary: text }),
  };
  return Object.keys(extra).length === 0 ? 0 : extra;
}

function pageOf(title: string, data: object): string {
  // No end tag and no comment can begin in the data.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const body = `<header>
<h1>${escapeHtml(title)}</h1>
<p id="found" role="status"></p>
<span class="spring"></span>
<select id="connection" aria-label="Connection"></select>
<input id="query" type="search" placeholder="search: stream:5 type:data warning ..." aria-label="Search frames">
<button id="theme" type="button">dark or light</button>
</header>
<section class="charts" aria-label="Over time">
<canvas id="bytes" role="img" aria-label="Bytes on the wire over time"></canvas>
<canvas id="windows" role="img" aria-label="Windows over time"></canvas>
<div id="rows" class="rows" tabindex="-1"><canvas id="streams" role="img" aria-label="Streams over time"></canvas><div id="tall"></div></div>
</section>
<main>
<div id="frames" role="listbox" tabindex="0" aria-label="Frames"><div id="space"></div></div>
<aside id="details" aria-label="Details"></aside>
</main>
<template id="keys"><p class="help"><kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> next and previous frame, <kbd>[</kbd> <kbd>]</kbd> in the same stream, <kbd>w</kbd> next warning, <kbd>f</kbd> only this stream, <kbd>+</kbd> <kbd>-</kbd> <kbd>0</kbd> zoom (or drag over the charts), <kbd>Esc</kbd> nothing selected</p></template>
<script id="data" type="application/json">${json}</script>
`;
  return htmlPage({ title, style: PAGE_STYLE, script: PAGE_SCRIPT, body });
}
