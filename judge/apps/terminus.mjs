// A server that ends on SIGTERM as terminus does it: node terminus.mjs INDEX_OF_WAY. Says its port, what it is asked, and the steps of its end.
import { createTerminus } from '@godaddy/terminus';
import { WAYS } from '../support/ways.mjs';

const say = (text) => process.send(text);
let release = () => {};
process.on('message', () => release());

const server = WAYS[Number(process.argv[2])].createServer((request, response) => {
  if (request.url !== '/slow') {
    response.end('quick');
    return;
  }
  say('asked');
  release = () => response.end('slow, but whole');
});
createTerminus(server, {
  signal: 'SIGTERM',
  timeout: 5000,
  useExit0: true,
  beforeShutdown: async () => say('stopping'),
  onSignal: async () => say('ended'),
  onShutdown: async () => say('done'),
  logger: () => {},
});
server.listen(0, '127.0.0.1', () => say(server.address().port));
