/** Several URLs over one session, in the manner of Spdylay: `node build/examples/urlfetch.js [url...]`. */
import { BaseSpdyStreamHandler, type HeaderList, urlfetch } from '../lib/index.ts';
import { startServer } from './support/origin.ts';

class Handler extends BaseSpdyStreamHandler {
  #bytes = 0;

  override onHeader(headers: HeaderList): void {
    const status = headers.find(([name]) => name === ':status')?.[1];
    console.log(`stream ${this.streamId}: ${new URL(this.url).pathname} ${status}`);
  }

  override onData(chunk: Buffer): void {
    this.#bytes += chunk.length;
  }

  override onClose(status: number): void {
    console.log(`stream ${this.streamId}: ${this.#bytes} bytes, closed with status ${status}`);
  }
}

const given = process.argv.slice(2);
if (given.length > 0) {
  await urlfetch(given, Handler);
} else {
  const server = await startServer();
  const urls = ['/greeting', '/missing'].map((path) => server.url + path);
  await urlfetch(urls, Handler, { tls: { ca: server.cert } });
  await server.close();
}
