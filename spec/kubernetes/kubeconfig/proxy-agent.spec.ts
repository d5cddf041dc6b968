import { once } from 'node:events';
import https from 'node:https';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { proxyAgent } from '../../../lib/kubernetes/kubeconfig/proxy-agent.ts';

describe('proxyAgent()', () => {
  it('fails a request whose TLS cannot begin, and closes its tunnel', async () => {
    const tunnel = new Socket();
    const server = new URL('https://a.example/');
    const agent = proxyAgent(async () => tunnel, server) as https.Agent;
    const request = https.get(server, { agent, key: 'none', cert: 'none' });
    const [error] = await once(request, 'error').catch((reason: Error) => [reason]);
    expect(error).to.be.an('error').with.property('code').that.matches(/PEM/);
    expect(tunnel.destroyed).to.equal(true);
  });
});
