import { expect } from 'chai';
import type { ErrorCode } from '../../lib/errors.ts';
import type { FrameLimits } from '../../lib/framing/frame-limits.ts';
import * as constants from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { FrameFactory } from '../support/frame-factory.ts';
import { CUTS } from '../support/shred.ts';
import { type Report, readAll } from './recording-sink.ts';

/** Headers for frames whose headers do not matter. */
export const HEADERS_OF_TEST: HeaderList = [
  ['name', 'value'],
  ['other', 'thing'],
];

/** A PING and its report: it shows that the reader is still in step. */
const PING_ID = 0x01020304;

/** The PING that `readInStep` looks for. */
function ping(version: ProtocolVersion): Buffer {
  return new FrameFactory(version).ping(PING_ID);
}

/** How that PING is reported. */
function pingReport(version: ProtocolVersion): Report {
  const { wire } = version;
  return {
    call: 'control',
    frame: { version: wire, flags: 0, length: 4, type: constants.PING, id: PING_ID },
  };
}

/** Reads the bytes under each cut, checks that the reports are the same, and returns them. */
export function read(
  version: ProtocolVersion,
  bytes: Buffer,
  limits: Partial<FrameLimits> = {},
): Report[] {
  const [first, ...others] = CUTS.map(([, cut]) => readAll(version, bytes, cut, limits));
  for (const reports of others) expect(reports).to.deep.equal(first);
  return first as Report[];
}

/** Like `read`, with a PING behind, whose report must follow; returns the reports before it. */
export function readInStep(
  version: ProtocolVersion,
  bytes: Buffer,
  limits: Partial<FrameLimits> = {},
): Report[] {
  const reports = read(version, Buffer.concat([bytes, ping(version)]), limits);
  expect(reports.pop()).to.deep.equal(pingReport(version));
  return reports;
}

/** Checks that the bytes are one frame that ends reading, and returns its payload as reported. */
export function expectParseError(
  version: ProtocolVersion,
  bytes: Buffer,
  code: ErrorCode,
  message: RegExp,
  limits: Partial<FrameLimits> = {},
): string {
  const reports = read(version, Buffer.concat([bytes, ping(version)]), limits);
  expect(reports).to.have.length(1);
  const [report] = reports;
  if (report?.call !== 'parseError') throw new Error(`reported ${report?.call}`);
  expect(report.code).to.equal(code);
  expect(report.message).to.match(message);
  expect(report.type).to.equal(bytes.readUInt16BE(2));
  expect(report.head).to.equal(bytes.toString('hex', 0, 8));
  return report.payload;
}

/** One frame of each kind that has a header block, with its type. */
export function blockFrames(version: ProtocolVersion): [type: number, bytes: Buffer][] {
  const factory = new FrameFactory(version);
  return [
    [constants.SYN_STREAM, factory.synStream(1, HEADERS_OF_TEST)],
    [constants.SYN_REPLY, factory.synReply(1, HEADERS_OF_TEST)],
    [constants.HEADERS, factory.headers(1, HEADERS_OF_TEST)],
  ];
}
