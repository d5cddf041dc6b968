// Plain sockets. The client says in 64 bytes what it will send and wants; the server ends each transfer with a byte of its own.
import { dial, socketServer } from '../sockets.mjs';
import { PIECE, pieces } from '../work.mjs';

const HEAD = 64;

export function serve(options) {
  return socketServer(options, 'raw', (socket) => {
    let left = 0;
    let sent = Promise.resolve();
    socket.on('data', (chunk) => {
      let bytes = chunk.length;
      if (left === 0) {
        const { down, up, tiny } = JSON.parse(chunk.toString('latin1', 0, HEAD));
        left = up + HEAD;
        sent = pump(socket, down, tiny ? PIECE.subarray(0, 100) : PIECE);
        if (bytes > left) bytes = left;
      }
      left -= bytes;
      if (left === 0) void sent.then(() => socket.write('.'));
    });
  });
}

export async function connect(port, options) {
  const socket = await dial(port, options, 'raw');
  let onBytes = () => {};
  socket.on('data', (chunk) => onBytes(chunk.length));
  return {
    duplex: ({ down, up, tiny }) => {
      let left = down + 1;
      socket.write(JSON.stringify({ down, up, tiny: tiny ? 1 : 0 }).padEnd(HEAD));
      const replied = new Promise((resolve) => {
        onBytes = (count) => {
          left -= count;
          if (left <= 0) resolve();
        };
      });
      return Promise.all([replied, pump(socket, up, PIECE)]);
    },
    close: () => socket.destroy(),
  };
}

async function pump(socket, length, piece) {
  for (const part of pieces(length, piece)) {
    if (!socket.write(part)) await new Promise((resolve) => socket.once('drain', resolve));
  }
}
