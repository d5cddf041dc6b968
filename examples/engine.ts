/**
 * The protocol without any I/O, in Spdylay's style: two engines hand their bytes over through `sendCb` and `recvCb`, which
 * here are two arrays.
 */
import {
  CLIENT,
  DataProvider,
  Engine,
  type EngineHandler,
  PROTO_SPDY3,
  READ_EOF,
  SERVER,
} from '../lib/index.ts';
import { controlLine, dataLine } from './support/frame-line.ts';

const toServer: Buffer[] = [];
const toClient: Buffer[] = [];

/** The callbacks of one side: what it writes goes into `out`, what it reads comes from `input`. */
function handler(name: string, out: Buffer[], input: Buffer[], more: EngineHandler): EngineHandler {
  return {
    sendCb(data) {
      out.push(Buffer.from(data));
      return data.length;
    },
    recvCb: () => input.shift() ?? null,
    onCtrlSend: (frame) => console.log(`${name} sends ${controlLine(frame)}`),
    onDataSend: (flags, id, length) => console.log(`${name} sends ${dataLine(flags, id, length)}`),
    ...more,
  };
}

const server: Engine = new Engine(
  SERVER,
  PROTO_SPDY3,
  {},
  handler('server', toClient, toServer, {
    onRequestRecv(streamId) {
      const text = new DataProvider(
        Buffer.from('Hello from the engine'),
        (_id, _length, control, source) => {
          control.flags = READ_EOF;
          return source;
        },
      );
      server.submitResponse(
        streamId,
        [
          [':status', '200 OK'],
          [':version', 'HTTP/1.1'],
        ],
        text,
      );
    },
  }),
);
const client = new Engine(
  CLIENT,
  PROTO_SPDY3,
  {},
  handler('client', toServer, toClient, {
    onDataChunkRecv: (_flags, _id, data) => console.log(`client got   "${data.toString()}"`),
    onStreamClose: (id, status) => console.log(`client: stream ${id} closed with status ${status}`),
  }),
);

client.submitRequest(0, [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':host', 'localhost'],
  [':path', '/'],
  [':version', 'HTTP/1.1'],
]);
while (client.wantWrite() || server.wantWrite() || toClient.length > 0 || toServer.length > 0) {
  client.send();
  server.recv();
  server.send();
  client.recv();
}
