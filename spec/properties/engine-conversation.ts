import { expect } from 'chai';
import { SpdyError } from '../../lib/errors.ts';
import {
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../../lib/protocol/constants.ts';
import type { HeaderList, SettingsEntry } from '../../lib/protocol/frames.ts';
import { Actor } from './engine-actor.ts';
import { checkBodies, checkCredit, checkReports, openStreams } from './engine-invariants.ts';
import type { BodySpec, Call, ConversationSpec, Operation, Who } from './engine-operations.ts';
import { ModelStream } from './engine-stream-model.ts';
import type { Clock } from './engine-wire.ts';

const EMPTY_BODY: BodySpec = { length: 0, deferAt: [], failAt: null, end: 'last', perRead: 1 };

/** Two engines that talk to each other, with bytes under way, and all that can be checked of it. */
export class Conversation {
  readonly client: Actor;
  readonly server: Actor;
  readonly #clock: Clock = { now: 0 };
  readonly #flowControl: boolean;
  #headers = 0;

  constructor({ version, client, server }: ConversationSpec) {
    this.client = new Actor('client', version, client, this.#clock);
    this.server = new Actor('server', version, server, this.#clock);
    const { streamWindows } = this.client.engine.version;
    this.#flowControl = streamWindows && client.options.flowControl !== false;
    for (const actor of this.#actors) {
      actor.perform = (call, streamId) => this.#call(actor, call, streamId);
      // An engine announces nothing by itself.
      if (actor.announcedWindow !== 65_536) {
        const value = actor.announcedWindow;
        this.#call(actor, { kind: 'settings', streams: null, window: value }, 0);
      }
    }
  }

  get #actors(): readonly [Actor, Actor] {
    return [this.client, this.server];
  }

  #peerOf(actor: Actor): Actor {
    return actor === this.client ? this.server : this.client;
  }

  /** Does one step. */
  do(operation: Operation): void {
    switch (operation.kind) {
      case 'call':
        this.#call(this[operation.who], operation.call, 0);
        break;
      case 'plan':
        this[operation.who].plans.push(operation);
        break;
      case 'write':
        this[operation.who].write(operation.limit);
        break;
      case 'arrive':
        this.#arrive(operation.who, operation.bytes, operation.seed);
        break;
      case 'settle':
        this.settle();
        break;
    }
  }

  /** Moves bytes until neither side has anything to say, then checks what must hold in silence. */
  settle(): void {
    for (let round = 0; ; round++) {
      let moved = 0;
      for (const actor of this.#actors) {
        moved += actor.write(1 << 20);
        moved += this.#arrive(actor === this.client ? 'server' : 'client', 1 << 30, 0);
      }
      // An exception out of a callback keeps what was written for the next time.
      if (moved === 0 && !this.#actors.some(({ engine }) => engine.wantWrite())) break;
      expect(round, 'rounds').to.be.below(20_000);
    }
    this.#checkSilence();
  }

  /** Lets both applications end what they have begun; every stream has to end then. */
  finish(): void {
    for (const actor of this.#actors) {
      actor.plans = [];
      const streams = actor.announcedStreams === 0 ? 1 : null;
      const window = actor.announcedWindow === 0 ? 50 : null;
      if (streams !== null || window !== null) {
        this.#call(actor, { kind: 'settings', streams, window }, 0);
      }
    }
    for (let round = 0; round < 10_000; round++) {
      this.settle();
      let did = false;
      for (const actor of this.#actors) did = this.#finishAs(actor) || did;
      if (!did) break;
    }
    for (const actor of this.#actors) {
      for (const stream of actor.streams) {
        expect(stream.closed, `${actor.name}: stream ${stream.id} has ended`).to.equal(1);
        checkBodies(this.#peerOf(actor), actor, stream);
      }
      expect(actor.engine.unconsumedBytes, 'unconsumed').to.equal(0);
      expect(actor.engine.getOutboundQueueSize(), 'queue').to.equal(0);
      if (actor.goawayAsked) expect(actor.engine.wantRead(), 'wantRead').to.equal(false);
    }
    for (const actor of this.#actors) checkReports(this.#peerOf(actor), actor);
  }

  /** The session of `who` fails, then the transport ends: every stream ends once, and nothing follows. */
  fail(who: Who, status: number): void {
    const actor = this[who];
    actor.failed = true;
    actor.plans = actor.plans.filter(({ name }) => name === 'onStreamClose');
    actor.guard(() => actor.engine.failSession(status));
    while (actor.write(1 << 20) > 0);
    expect(actor.wire.complete, 'the last frame is complete').to.equal(true);
    const last = actor.wire.frames.at(-1)?.frame;
    expect(last?.type, 'last words').to.equal('GOAWAY');
    if (actor.engine.version.goawayStatus) expect(last?.status, 'last words').to.equal(status);
    this.#checkEnd(actor);
    this.#arrive(who === 'client' ? 'server' : 'client', 1 << 30, 1);
    this.cut();
  }

  /** `who` ends its output when all of it has arrived; the other side may still answer. Then the transport ends. */
  endInput(who: Who): void {
    const ended = this[who];
    const peer = this.#peerOf(ended);
    while (ended.write(1 << 30) > 0);
    this.#arrive(peer.name, 1 << 30, 2);
    peer.guard(() => peer.engine.inputEnd());
    for (const stream of peer.streams) {
      const finished = peer.knowledge.finAt.has(stream.id) || !stream.receives;
      if (stream.id === 0) expect(stream.closed, 'a stream that waited').to.equal(1);
      else if (!finished && !stream.resetAsked) {
        expect(stream.closed, `unfinished stream ${stream.id}`).to.equal(1);
      }
    }
    while (peer.write(1 << 30) > 0);
    this.#arrive(who, 1 << 30, 1);
    this.cut();
  }

  /** The transport ends, whatever was under way. */
  cut(): void {
    for (const actor of this.#actors) {
      actor.ended = true;
      actor.plans = actor.plans.filter(({ name }) => name === 'onStreamClose');
      actor.guard(() => actor.engine.transportEnd());
      this.#checkEnd(actor);
      actor.guard(() =>
        actor.engine.receive(Buffer.from('80030006000000040000000180030001', 'hex')),
      );
      expect(actor.engine.pull(), 'bytes after the end').to.equal(null);
    }
    for (const actor of this.#actors) {
      for (const stream of actor.streams) checkBodies(this.#peerOf(actor), actor, stream);
    }
  }

  #checkEnd(actor: Actor): void {
    const { engine } = actor;
    expect([engine.wantRead(), engine.wantWrite()], 'wants').to.deep.equal([false, false]);
    expect(engine.getOutboundQueueSize(), 'queue').to.equal(0);
    for (const stream of actor.streams) {
      expect(stream.closed, `${actor.name}: stream ${stream.id} has ended`).to.equal(1);
    }
  }

  #arrive(who: Who, bytes: number, seed: number): number {
    const { wire } = this[who === 'client' ? 'server' : 'client'];
    const { pieces, frames } = wire.take(bytes, seed);
    if (pieces.length === 0) return 0;
    this[who].receive(pieces, frames);
    return pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  #nextHeaders(): HeaderList {
    const number = ++this.#headers;
    return [
      ['x-number', String(number)],
      ['x-filling', 'abcdefgh'.repeat(number % 9).padEnd(1, '-')],
    ];
  }

  #pick(actor: Actor, pick: number, current: number): ModelStream | null {
    const own = actor.byId.get(current);
    if (own !== undefined && pick % 4 !== 0) return own;
    const known = actor.streams.filter(({ id }) => id !== 0);
    return known[pick % Math.max(1, known.length)] ?? null;
  }

  /** A stream to push for: mostly one of the client that is open, sometimes any, sometimes none. */
  #association(actor: Actor, pick: number): number {
    if (pick % 3 === 0) return 0;
    const open = actor.streams.filter(({ own, closed }) => !own && closed === 0);
    return (pick % 5 === 0 ? null : open[pick % Math.max(1, open.length)])?.id ?? pick;
  }

  /** Makes a call as the application of `actor`; `current` is the stream of the callback out of which it is made. */
  #call(actor: Actor, call: Call, current: number): void {
    try {
      actor.guard(() => this.#perform(actor, call, current));
    } catch (exception) {
      if (!(exception instanceof SpdyError)) throw exception;
      expect(exception.code, call.kind).to.be.oneOf([
        'ERR_SPDY_STREAM_CLOSED',
        'ERR_SPDY_TOO_MANY_PINGS',
      ]);
    }
  }

  #perform(actor: Actor, call: Call, current: number): void {
    const { engine } = actor;
    switch (call.kind) {
      case 'request': {
        const priority = Math.min(call.priority, engine.getPriLowest());
        const stream = new ModelStream(0, true, priority, true, true);
        stream.finished = true;
        const body = call.body === null ? null : actor.newBody(call.body);
        if (body !== null) stream.bodies.push(body);
        actor.streams.push(stream);
        stream.handle = engine.submitRequest(priority, this.#nextHeaders(), body, stream);
        return;
      }
      case 'open': {
        const flags = call.flags & (CTRL_FLAG_FIN | CTRL_FLAG_UNIDIRECTIONAL);
        const association = actor.parity === 0 ? this.#association(actor, call.pick) : 0;
        const receives = (flags & CTRL_FLAG_UNIDIRECTIONAL) === 0 && association === 0;
        const priority = Math.min(call.priority, engine.getPriLowest());
        const stream = new ModelStream(0, true, priority, true, receives);
        stream.finished = (flags & CTRL_FLAG_FIN) !== 0;
        const associated = actor.byId.get(association);
        // Out of the last callbacks of a stream it is no longer there for the engine.
        if (associated !== undefined && engine.getStreamRecvDataLength(association) >= 0) {
          stream.urgency = Math.min(priority, associated.priority);
        }
        actor.streams.push(stream);
        const headers = this.#nextHeaders();
        stream.handle = engine.submitSynStream(flags, association, priority, headers, stream);
        return;
      }
      case 'cancel': {
        const own = actor.streams.filter(({ handle }) => handle !== null);
        const stream = own[call.pick % Math.max(1, own.length)];
        if (stream?.handle) {
          if (stream.closed === 0) stream.resetAsked = true;
          engine.cancel(stream.handle, call.status);
        }
        return;
      }
      case 'ping':
        engine.submitPing();
        return;
      case 'goaway':
        actor.goawayAsked = true;
        engine.submitGoaway();
        return;
      case 'settings':
        this.#settings(actor, call.streams, call.window);
        return;
      case 'update':
        this.#update(
          actor,
          call.pick % 4 === 0 ? null : this.#pick(actor, call.pick, current),
          call.delta,
        );
        return;
      default: {
        const stream = this.#pick(actor, call.pick, current);
        if (stream !== null) this.#performOn(actor, stream, call);
      }
    }
  }

  #performOn(actor: Actor, stream: ModelStream, call: Extract<Call, { pick: number }>): void {
    const { engine } = actor;
    const { id } = stream;
    switch (call.kind) {
      case 'response': {
        const body = call.body === null ? null : actor.newBody(call.body);
        if (stream.writable && !stream.own && !stream.replied) {
          stream.replied = true;
          stream.finished = true;
          if (body !== null) stream.bodies.push(body);
        }
        engine.submitResponse(id, this.#nextHeaders(), body);
        break;
      }
      case 'reply':
        if (stream.writable && !stream.own && !stream.replied) {
          stream.replied = true;
          stream.finished = call.flags === CTRL_FLAG_FIN;
        }
        engine.submitSynReply(call.flags, id, this.#nextHeaders());
        break;
      case 'headers': {
        // FIN passes data that is deferred, and ends it.
        const waits = stream.bodies.some(
          (body) => body.delivered < body.spec.length || !body.ended,
        );
        const flags = waits ? 0 : call.flags;
        if (stream.writable && (stream.own || stream.replied) && flags === CTRL_FLAG_FIN) {
          stream.finished = true;
        }
        engine.submitHeaders(flags, id, this.#nextHeaders());
        break;
      }
      case 'data': {
        const body = actor.newBody(call.body);
        if (stream.writable && (stream.own || stream.replied)) {
          stream.bodies.push(body);
          stream.finished = call.flags === DATA_FLAG_FIN;
        }
        engine.submitData(id, call.flags, body);
        break;
      }
      case 'resume':
        this.#resume(actor, stream);
        break;
      case 'reset':
        if (stream.closed === 0) stream.resetAsked = true;
        engine.submitRstStream(id, call.status);
        break;
      case 'consume':
        this.#consume(actor, stream, Math.ceil((stream.unconsumed * call.percent) / 100));
        break;
    }
  }

  #resume(actor: Actor, stream: ModelStream): void {
    const body = stream.nextBody;
    if (body !== undefined) body.deferred = false;
    actor.engine.resumeData(stream.id);
  }

  #settings(actor: Actor, streams: number | null, window: number | null): void {
    const entries: SettingsEntry[] = [];
    if (window !== null) {
      entries.push({ id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value: window });
      actor.announcedWindow = window;
    }
    if (streams !== null) {
      entries.push({ id: SETTINGS_MAX_CONCURRENT_STREAMS, flags: 0, value: streams });
      actor.announcedStreams = streams;
      actor.localMaxStreams = streams;
    }
    actor.engine.submitSettings(0, entries);
  }

  #update(actor: Actor, stream: ModelStream | null, delta: number): void {
    const { engine } = actor;
    if (stream === null ? !engine.version.sessionWindow : !engine.version.streamWindows) return;
    const id = stream?.id ?? 0;
    const received = id === 0 ? engine.getRecvDataLength() : engine.getStreamRecvDataLength(id);
    const extra = Math.max(0, delta - Math.max(0, received));
    engine.submitWindowUpdate(id, delta);
    actor.granted.set(id, (actor.granted.get(id) ?? 0) + extra);
  }

  #consume(actor: Actor, stream: ModelStream, bytes: number): void {
    if (actor.spec.options.windowUpdates !== 'consume') return;
    stream.unconsumed = Math.max(0, stream.unconsumed - bytes);
    actor.engine.consume(stream.id, bytes);
  }

  /** Ends what can be ended, consumes and grants; whether there was something to do. */
  #finishAs(actor: Actor): boolean {
    const { engine } = actor;
    let did = false;
    for (const stream of actor.streams) {
      const { id } = stream;
      if (stream.unconsumed > 0) {
        this.#consume(actor, stream, stream.unconsumed);
        did = true;
      }
      if (id === 0 || stream.closed > 0) continue;
      if (stream.nextBody?.deferred === true) {
        this.#resume(actor, stream);
        did = true;
      }
      const received = engine.getStreamRecvDataLength(id);
      if (actor.spec.options.windowUpdates === 'manual' && received > 0) {
        this.#update(actor, stream, received);
        did = true;
      }
      if (!stream.writable) continue;
      const call = !stream.own && !stream.replied ? 'response' : 'data';
      if (call === 'response') this.#performOn(actor, stream, { kind: call, pick: 0, body: null });
      else this.#performOn(actor, stream, { kind: call, pick: 0, flags: 1, body: EMPTY_BODY });
      did = true;
    }
    const received = engine.getRecvDataLength();
    if (actor.spec.options.windowUpdates === 'manual' && received > 0) {
      this.#update(actor, null, received);
      did = true;
    }
    return did;
  }

  /** Nothing is under way, and nobody can go on without the application. */
  #checkSilence(): void {
    const [client, server] = this.#actors;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const { engine, wire } = from;
      expect([engine.wantWrite(), wire.length, wire.complete]).to.deep.equal([false, 0, true]);
      const { framesSent, bytesSent, dataSent } = engine.statistics;
      const { framesReceived, bytesReceived, dataReceived } = to.engine.statistics;
      expect([framesSent, bytesSent, dataSent], 'statistics').to.deep.equal([
        framesReceived,
        bytesReceived,
        dataReceived,
      ]);
      const waiting = from.streams.filter(({ id, closed }) => id === 0 && closed === 0);
      expect(engine.getOutboundQueueSize(), 'queue size').to.equal(waiting.length);
      const mayWait = from.knowledge.goawayAt === Number.POSITIVE_INFINITY && !from.goawayAsked;
      expect(mayWait || waiting.length === 0, 'waits although there was GOAWAY').to.equal(true);
      expect(engine.getStreamUserData(0), 'user data of no stream').to.equal(null);
      if (this.#flowControl) checkCredit(to);
    }
    expect(openStreams(client), 'open streams').to.deep.equal(openStreams(server));
    const { streamsOpened, streamsAccepted, streamsClosed } = client.engine.statistics;
    expect(streamsOpened + streamsAccepted - streamsClosed).to.equal(openStreams(client).length);
  }
}
