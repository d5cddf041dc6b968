import { code, table } from './markdown.mjs';

const STATUS_NUMBERS = {
  INVALID_STREAM: 2,
  PROTOCOL_ERROR: 1,
  STREAM_IN_USE: 8,
  STREAM_ALREADY_CLOSED: 9,
};

const STATE_MEANINGS = {
  idle: 'never opened',
  initial: 'our SYN_STREAM is being written',
  opening: 'ours, without SYN_REPLY yet',
  open: 'ours, with SYN_REPLY',
  accepting: 'opened by the peer',
  remoteClosed: 'the peer has finished; also a unidirectional stream of ours',
  closed: 'both sides have finished',
  reset: 'RST_STREAM was queued, sent or received (the last 1024 such ids are remembered)',
};

const VERSION_FACTS = [
  ['id', 'Number in the API (`PROTO_...`)'],
  ['wire', 'Version field of control frames'],
  ['lowestPriority', 'Least urgent priority (0 is the most urgent)'],
  ['headerLengthSize', 'Bytes of each length in a header block'],
  ['plainPseudoNames', 'Pseudo headers without colon on the wire (`url` for `:path`)'],
  ['emptyValues', 'Empty header values are sent'],
  ['settingsIdsLittleEndian', 'SETTINGS ids are little-endian'],
  ['goawayStatus', 'GOAWAY has a status'],
  ['extendedStatus', 'Stream statuses 8, 9 and 11 are sent'],
  ['streamWindows', 'Flow control per stream, WINDOW_UPDATE'],
  ['sessionWindow', 'Flow control of the session'],
  ['hasNoop', 'NOOP'],
  ['hasCredential', 'CREDENTIAL, certificate slots'],
];

/** The generated parts of docs/protocol.md. */
export async function renderProtocol(load) {
  const states = await load('engine/streams/stream-state');
  const versions = await load('protocol/version');
  return {
    versions: versionTable(versions),
    'receive table': receiveTable(states, null),
    'receive table of SPDY/2': receiveTable(states, versions.SPDY2),
    'state diagram': stateDiagram(
      states,
      await load('engine/streams/stream-record'),
      await load('engine/streams/stream-table'),
    ),
    'order of sending': await sendOrder(load),
  };
}

function versionTable({ PROTOCOL_VERSIONS }) {
  const versions = [...PROTOCOL_VERSIONS].reverse();
  const rows = VERSION_FACTS.map(([key, what]) => [
    what,
    ...versions.map((version) => yesNo(version[key])),
  ]);
  return table(['', ...versions.map((version) => `SPDY${version.name.slice(4)}`)], rows);
}

function yesNo(value) {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value;
}

/** The whole table, or only the rows in which a version differs. */
function receiveTable(states, version) {
  const { RECEIVE_STATES, RECEIVE_INPUTS, RECEIVE_TABLE, receiveVerdicts } = states;
  const compiled = version && receiveVerdicts(version);
  const rows = [];
  for (const [row, state] of RECEIVE_STATES.entries()) {
    const cells = RECEIVE_INPUTS.map((input, column) => {
      const plain = verdictText(RECEIVE_TABLE[state][input]);
      if (compiled === null) return plain;
      const special = compiledText(states, compiled[row * RECEIVE_INPUTS.length + column]);
      return special === plain ? '' : special;
    });
    if (cells.some((cell) => cell !== ''))
      rows.push([code(state), STATE_MEANINGS[state], ...cells]);
  }
  return table(['State', 'Meaning', ...RECEIVE_INPUTS], rows);
}

function verdictText(verdict) {
  const number = STATUS_NUMBERS[verdict];
  if (number !== undefined) return `RST_STREAM ${number} ${verdict}`;
  return verdict === 'SESSION_ERROR' ? 'GOAWAY 1' : verdict;
}

function compiledText({ ACCEPT, DROP, SESSION_ERROR }, verdict) {
  if (verdict === ACCEPT) return 'accept';
  if (verdict === DROP) return 'drop';
  if (verdict === SESSION_ERROR) return 'GOAWAY 1';
  const name = Object.keys(STATUS_NUMBERS).find((key) => STATUS_NUMBERS[key] === verdict);
  return verdictText(name);
}

/** The ways between the states. Each is carried out on a Stream of the build, which says what states they connect. */
function stateDiagram(states, records, { StreamTable }) {
  const { CLOSING, REMOTE_CLOSED, REPLIED, StreamRecord } = records;
  const { RECEIVE_STATES, RECEIVE_TABLE } = states;
  const nameOf = (stream) => RECEIVE_STATES[stream.receiveState()];
  const marked = (stream, marks) => {
    stream.mark(marks);
    return stream;
  };
  const written = (stream) => Object.assign(stream, { opening: null });
  const own = () => Object.assign(new StreamRecord(1, true, 0, 0, 0), { opening: {} });
  const opening = () => written(own());
  const open = () => marked(opening(), REPLIED);
  const accepting = () => new StreamRecord(2, false, 0, 0, 0);
  const finished = () => marked(open(), REMOTE_CLOSED);
  const edges = [];
  const edge = (from, to, event) => edges.push({ from, to, event });
  /** The event marks a stream; `inputs` must be accepted before. */
  const change = (make, marks, event, inputs = []) => {
    const stream = make();
    const from = nameOf(stream);
    for (const input of inputs) {
      if (RECEIVE_TABLE[from][input] !== 'accept')
        throw new Error(`${input} is not accepted in ${from}`);
    }
    edge(from, nameOf(marked(stream, marks)), event);
  };
  const unknown = new StreamTable(1);
  const missing = () => RECEIVE_STATES[unknown.stateOfMissing(1)];

  edge(missing(), nameOf(own()), 'our SYN_STREAM');
  edge(missing(), nameOf(accepting()), 'SYN_STREAM');
  edge(missing(), nameOf(marked(accepting(), REMOTE_CLOSED)), 'SYN_STREAM with FIN');
  edge(nameOf(own()), nameOf(opening()), 'written');
  edge(nameOf(own()), nameOf(marked(opening(), REMOTE_CLOSED)), 'written, unidirectional');
  change(opening, REPLIED, 'SYN_REPLY', ['SYN_REPLY']);
  change(opening, REPLIED | REMOTE_CLOSED, 'SYN_REPLY with FIN', ['SYN_REPLY']);
  change(open, REMOTE_CLOSED, 'HEADERS or DATA with FIN', ['HEADERS', 'DATA']);
  change(accepting, REMOTE_CLOSED, 'HEADERS or DATA with FIN', ['HEADERS', 'DATA']);
  for (const make of [own, opening, open, accepting, finished]) {
    change(make, CLOSING, 'RST_STREAM either way');
  }
  unknown.nextOwnId = 3;
  edge(nameOf(finished()), missing(), 'this side has finished as well');
  unknown.rememberReset(1);
  const reset = missing();
  for (let id = 3; id < 3 + 1024; id++) unknown.rememberReset(id);
  edge(reset, missing(), '1024 later resets');

  const lines = edges.map(({ from, to, event }) => `    ${from} --> ${to}: ${event}`);
  const text = ['```mermaid', 'stateDiagram-v2', '    [*] --> idle', ...lines, '```'];
  const shown = new Set(edges.flatMap(({ from, to }) => [from, to]));
  if (shown.size !== RECEIVE_STATES.length)
    throw new Error('the diagram does not show every state');
  return text.join('\n');
}

/** What an engine of the build writes when everything waits, in its order. */
async function sendOrder(load) {
  const { Engine } = await load('engine/engine');
  const constants = await load('protocol/constants');
  const { CLIENT, SERVER, PROTO_SPDY3_1, CTRL_FLAG_UNIDIRECTIONAL, READ_EOF, CANCEL } = constants;
  const written = [];
  const names = new Map();
  const priorityOf = { 1: 2, 3: 2, 5: 6 };
  const client = new Engine(CLIENT, PROTO_SPDY3_1);
  const server = new Engine(
    SERVER,
    PROTO_SPDY3_1,
    { maxDataSize: 8 },
    {
      beforeCtrlSend(frame) {
        if (frame.type === constants.SYN_STREAM) names.set(frame.streamId, frame.priority);
        written.push(
          label(constants, frame, priorityOf[frame.streamId] ?? names.get(frame.streamId)),
        );
      },
      onDataSend: (flags, streamId) =>
        written.push(
          `DATA${flags === 1 ? ' with FIN' : ''}, stream ${streamId} (priority ${priorityOf[streamId]})`,
        ),
    },
  );
  const provider = (frames) => {
    let left = frames;
    return {
      readCb(_id, length, control) {
        if (--left === 0) control.flags = READ_EOF;
        return Buffer.alloc(length);
      },
    };
  };
  for (const id of [1, 3, 5]) client.submitRequest(priorityOf[id], [], { readCb: () => null });
  server.receive(client.pull());

  // From the least to the most urgent, so that the order is the engine's own.
  server.submitGoaway();
  server.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 7, []);
  server.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 2, []);
  for (const id of [5, 3, 1]) server.submitResponse(id, [], provider(2));
  server.submitWindowUpdate(0, 1);
  server.submitRstStream(999, CANCEL);
  server.receive(Buffer.from('0000006300000000', 'hex'));
  server.submitSettings(0, []);
  server.submitPing();
  server.pull(1 << 20);
  return written.map((line, index) => `${index + 1}. ${line}`).join('\n');
}

function label(constants, frame, priority) {
  const type = [
    'SYN_STREAM',
    'SYN_REPLY',
    'RST_STREAM',
    'SETTINGS',
    'PING',
    'GOAWAY',
    'HEADERS',
    'WINDOW_UPDATE',
  ];
  const name = type.find((one) => constants[one] === frame.type);
  switch (name) {
    case 'SYN_STREAM':
    case 'SYN_REPLY':
      return `${name}, stream ${frame.streamId} (priority ${priority})`;
    case 'RST_STREAM':
      return `${name} ${frame.streamId === 99 ? 'that answers a frame of the peer' : 'of our own'}`;
    case 'WINDOW_UPDATE':
      return `${name}${frame.streamId === 0 ? ' of the session' : ''}`;
    default:
      return name;
  }
}
