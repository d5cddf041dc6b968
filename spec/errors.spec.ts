import { expect } from 'chai';
import * as errors from '../lib/errors.ts';
import {
  CallbackFailureError,
  EOFError,
  ERROR_CODES,
  type ErrorCode,
  InvalidArgumentError,
  InvalidStateError,
  SessionError,
  SpdyError,
  StreamClosedError,
  StreamError,
  strerror,
  TemporalCallbackFailureError,
  UnsupportedVersionError,
  ZlibError,
} from '../lib/errors.ts';
import * as constants from '../lib/protocol/constants.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

/** Spdylay's error numbers by name, without the boundary. */
const ERRNOS = Object.entries(constants).filter(
  ([name]) => name.startsWith('ERR_') && name !== 'ERR_FATAL',
) as [string, number][];

/** Every class, made in the shortest way, with the code that it has then and its own fields. */
const CLASSES: readonly (readonly [error: SpdyError, code: ErrorCode, by: 'local' | 'peer'])[] = [
  [new InvalidArgumentError('m'), 'ERR_SPDY_INVALID_ARGUMENT', 'local'],
  [new InvalidStateError('m'), 'ERR_SPDY_INVALID_STATE', 'local'],
  [new UnsupportedVersionError('m'), 'ERR_SPDY_UNSUPPORTED_VERSION', 'local'],
  [new ZlibError('m'), 'ERR_SPDY_ZLIB', 'local'],
  [new ZlibError('m', 'peer'), 'ERR_SPDY_ZLIB', 'peer'],
  [new EOFError('m'), 'ERR_SPDY_EOF', 'local'],
  [new CallbackFailureError('m'), 'ERR_SPDY_CALLBACK_FAILURE', 'local'],
  [new TemporalCallbackFailureError('m'), 'ERR_SPDY_TEMPORAL_CALLBACK_FAILURE', 'local'],
  [new StreamClosedError('m'), 'ERR_SPDY_STREAM_CLOSED', 'local'],
  [new StreamError('ERR_SPDY_PROTOCOL', 'm', 1, 2, 'peer'), 'ERR_SPDY_PROTOCOL', 'peer'],
  [new SessionError('ERR_SPDY_FLOW_CONTROL', 'm', 2, 'peer'), 'ERR_SPDY_FLOW_CONTROL', 'peer'],
  [new SpdyError('ERR_SPDY_TIMEOUT', 'm'), 'ERR_SPDY_TIMEOUT', 'local'],
  [new SpdyError('ERR_SPDY_TIMEOUT', 'm', 'peer'), 'ERR_SPDY_TIMEOUT', 'peer'],
];

describe('errors', () => {
  describe('the table', () => {
    it('has stable codes, each with a number of Spdylay and a meaning', () => {
      const numbers = new Set(ERRNOS.map(([, errno]) => errno));
      for (const code of CODES) {
        const { errno, meaning } = ERROR_CODES[code];
        expect(code).to.match(/^ERR_SPDY_[A-Z]+(_[A-Z]+)*$/);
        expect(numbers.has(errno), `${code}: ${errno}`).to.equal(true);
        expect(meaning, code).to.match(/^[A-Za-z][^.\n]{8,}[^.\s]$/);
      }
      expect(CODES).to.have.lengthOf.above(30);
    });

    it('means something else by every code', () => {
      const meanings = CODES.map((code) => ERROR_CODES[code].meaning);
      expect(new Set(meanings).size).to.equal(meanings.length);
    });

    it('has the numbers that Spdylay has for the same names', () => {
      const same = ERRNOS.flatMap(([name, errno]) => {
        const code = name.replace('ERR_', 'ERR_SPDY_') as ErrorCode;
        return code in ERROR_CODES ? [[code, ERROR_CODES[code].errno, errno]] : [];
      });
      for (const [code, actual, expected] of same) expect(actual, String(code)).to.equal(expected);
      expect(same).to.have.lengthOf.above(15);
      expect(ERROR_CODES.ERR_SPDY_PROTOCOL.errno).to.equal(constants.ERR_PROTO);
    });
  });

  it('strerror() has the phrase for a number, that of the code which is Spdylay’s own', () => {
    expect(strerror(0)).to.equal('success');
    expect(strerror(constants.ERR_INVALID_ARGUMENT)).to.equal(
      'an argument is out of range or malformed',
    );
    expect(strerror(constants.ERR_PROTO)).to.equal('the peer broke a rule of the protocol');
    expect(strerror(constants.ERR_EOF)).to.equal('the transport ended');
    expect(strerror(constants.ERR_INVALID_STATE)).to.equal(
      'the call does not fit the state of the session',
    );
    for (const code of CODES) expect(strerror(ERROR_CODES[code].errno)).not.to.match(/^unknown/);
    for (const errno of [1, -1, -999]) expect(strerror(errno)).to.equal(`unknown error ${errno}`);
  });

  describe('the classes', () => {
    for (const [error, code, by] of CLASSES) {
      it(`${error.name}, by ${by}, has its code, number, name and message`, () => {
        expect(error).to.be.instanceOf(SpdyError).and.instanceOf(Error);
        expect(error).to.include({ code, by, errno: ERROR_CODES[code].errno, message: 'm' });
        expect(error.name).to.equal(error.constructor.name);
        expect(String(error)).to.equal(`${error.name}: m`);
        expect(error.stack).to.include('errors.spec');
        expect(Object.keys(error)).not.to.include('name');
      });
    }

    it('are all listed here', () => {
      const exported = Object.values(errors).filter((value) => typeof value === 'function');
      const classes = exported.filter((value) => value.prototype instanceof Error);
      const listed = new Set<unknown>(CLASSES.map(([error]) => error.constructor));
      expect(classes.filter((value) => !listed.has(value))).to.deep.equal([]);
    });

    it('are no kinds of each other', () => {
      const kinds = [...new Set(CLASSES.map(([error]) => error.constructor))].filter(
        (kind) => kind !== SpdyError,
      );
      for (const [error] of CLASSES) {
        const fitting = kinds.filter((kind) => error instanceof (kind as typeof SpdyError));
        expect(fitting.length, error.name).to.equal(error.constructor === SpdyError ? 0 : 1);
      }
    });

    it('take another code where there are several, and keep a cause', () => {
      const options = { cause: new Error('the reason') };
      const several: SpdyError[] = [
        new InvalidArgumentError('m', 'ERR_SPDY_FRAME_TOO_LARGE'),
        new InvalidStateError('m', 'ERR_SPDY_TOO_MANY_PINGS'),
        new UnsupportedVersionError('m', 'ERR_SPDY_NEGOTIATION'),
      ];
      expect(several.map(({ errno }) => errno)).to.deep.equal([-522, -505, -503]);
      const caused: SpdyError[] = [
        new SpdyError('ERR_SPDY_TIMEOUT', 'm', 'local', options),
        new CallbackFailureError('m', options),
        new TemporalCallbackFailureError('m', options),
        new StreamError('ERR_SPDY_PROTOCOL', 'm', 1, 1, 'peer', options),
        new SessionError('ERR_SPDY_PROTOCOL', 'm', 1, 'peer', options),
      ];
      for (const error of caused) expect(error.cause, error.name).to.equal(options.cause);
      expect(new EOFError()).not.to.have.property('cause');
    });

    it('have ECONNRESET as their cause where the peer has reset or left, unless another cause is known', () => {
      for (const code of [
        'ERR_SPDY_STREAM_RESET',
        'ERR_SPDY_STREAM_REFUSED',
        'ERR_SPDY_TRANSPORT_CLOSED',
      ] as const) {
        const reset = new StreamError(code, 'gone', 1, 5, 'peer');
        expect((reset.cause as NodeJS.ErrnoException).code).to.equal('ECONNRESET');
        expect(reset.code).to.equal(code);
        const cause = new Error('EPIPE');
        expect(new StreamError(code, 'gone', 1, 5, 'peer', { cause }).cause).to.equal(cause);
        expect(new StreamError(code, 'gone', 1, 5, 'local').cause).to.equal(undefined);
      }
      const closed = new SessionError('ERR_SPDY_TRANSPORT_CLOSED', 'gone', 2, 'peer');
      expect((closed.cause as NodeJS.ErrnoException).code).to.equal('ECONNRESET');
      const fault = new StreamError('ERR_SPDY_FLOW_CONTROL', 'too much', 1, 7, 'peer');
      expect(fault.cause).to.equal(undefined);
    });

    it('that a callback throws have something to say without a message', () => {
      const messages = [
        new EOFError(),
        new CallbackFailureError(),
        new TemporalCallbackFailureError(),
      ].map(({ message }) => message);
      expect(messages).to.deep.equal([
        'the transport ended',
        'a callback failed',
        'the data provider failed',
      ]);
    });

    it('of streams and sessions have a status, of streams an id; only refused streams may be retried (checklist 110)', () => {
      const error = new StreamError('ERR_SPDY_STREAM_RESET', 'm', 7, 5, 'peer');
      expect(error).to.include({ streamId: 7, status: 5, retryable: false });
      expect(new SessionError('ERR_SPDY_PROTOCOL', 'm', 1, 'peer').status).to.equal(1);
      const retryable = CODES.filter((code) => new StreamError(code, 'm', 1, 1, 'peer').retryable);
      expect(retryable).to.deep.equal(['ERR_SPDY_STREAM_REFUSED']);
    });
  });
});
