import { code, table } from './markdown.mjs';

/** Groups of constants in the order of the source, by what their names begin with or are. */
const GROUPS = [
  ['Sides', /^(CLIENT|SERVER)$/],
  ['Versions', /^PROTO_/],
  [
    'Control frame types',
    /^(SYN_STREAM|SYN_REPLY|RST_STREAM|SETTINGS|NOOP|PING|GOAWAY|HEADERS|WINDOW_UPDATE|CREDENTIAL)$/,
  ],
  ['Control frame flags', /^CTRL_FLAG_/],
  ['DATA frame flags', /^DATA_FLAG_/],
  ['SETTINGS frame flags', /^FLAG_SETTINGS_/],
  ['SETTINGS id flags', /^ID_FLAG_SETTINGS_/],
  ['SETTINGS ids', /^SETTINGS_/],
  [
    'Stream status codes',
    /^(OK|PROTOCOL_ERROR|INVALID_STREAM|REFUSED_STREAM|UNSUPPORTED_VERSION|CANCEL|INTERNAL_ERROR|FLOW_CONTROL_ERROR|STREAM_IN_USE|STREAM_ALREADY_CLOSED|INVALID_CREDENTIALS|FRAME_TOO_LARGE)$/,
  ],
  ['GOAWAY status codes', /^GOAWAY_/],
  ['Data provider', /^READ_EOF$/],
  ['Options of `setOption()`', /^OPT_/],
  ['Error numbers', /^ERR_/],
  [
    'Sizes (ours)',
    /^(FRAME_HEADER_LENGTH|MAX_FRAME_LENGTH|MAX_STREAM_ID|DEFAULT_WINDOW_SIZE|MAX_WINDOW_SIZE|MIN_CONTROL_FRAME_LIMIT)$/,
  ],
];

/** The generated parts of docs/spdylay.md. */
export async function renderConstants(load) {
  const constants = await load('protocol/constants');
  const names = Object.keys(constants);
  // Exports of a module come sorted by name; a table reads better by value.
  const left = new Set(names);
  const rows = GROUPS.map(([title, pattern]) => {
    const members = names.filter((name) => left.has(name) && pattern.test(name));
    for (const name of members) left.delete(name);
    members.sort((a, b) => Math.abs(constants[a]) - Math.abs(constants[b]));
    return [title, members.map((name) => `${code(name)} ${constants[name]}`).join(', ')];
  });
  if (left.size > 0) throw new Error(`constants in no group: ${[...left].join(', ')}`);
  return { constants: table(['Group', 'Names and values'], rows) };
}
