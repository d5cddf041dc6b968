import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import { makeFolder, program, removeFolder } from '../support/programs.ts';

/** This file runs as build/spec/cli/spdyproxy/docs-production.spec.js. */
const DOCS = readFileSync(new URL('../../../../docs/spdyproxy.md', import.meta.url), 'utf8');
const [, SECTION = ''] = /\n## In production\n([\s\S]*?)\n## /.exec(DOCS) ?? [];

/** The examples of a language. */
function examples(language: string): string[] {
  const all = SECTION.matchAll(/```(\w+)\n([\s\S]*?)```/g);
  return [...all].filter(([, name]) => name === language).map(([, , text = '']) => text);
}

/** Values of a unit of systemd, by name. */
function unit(text: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    if (line === '' || /^\[\w+\]$/.test(line)) continue;
    const [, name = '', value = ''] = /^([A-Z]\w+)=(.+)$/.exec(line) ?? [];
    expect(name, line).not.to.equal('');
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return values;
}

describe('docs/spdyproxy.md, in production', () => {
  it('has a unit of systemd that leaves as much time for the end as the proxy takes', () => {
    const [service = '', socket = ''] = examples('ini');
    const values = unit(service);
    const start = '/usr/bin/spdyproxy --config /etc/spdyproxy/proxy.yaml';
    expect(values.get('ExecStart')).to.deep.equal([start]);
    expect(values.get('ExecStartPre')).to.deep.equal([`${start} --check`]);
    expect(values.get('ExecReload')).to.deep.equal([`${start} --check`, '/bin/kill -HUP $MAINPID']);
    expect(values.get('KillMode')).to.deep.equal(['mixed']);
    expect(Number(values.get('TimeoutStopSec')?.[0])).to.be.above(30);
    expect(values.has('MemoryDenyWriteExecute')).to.equal(false);
    expect(unit(socket).get('ListenStream')).to.deep.equal(['443']);
  });

  it('has a rotation that lets it open its log anew', () => {
    const [rotation = ''] = examples('text');
    expect(rotation).to.match(/--signal=USR1 spdyproxy\.service\n\s+endscript/);
  });

  it('has a deployment whose configuration works, and whose probe is answered', async () => {
    const [text = ''] = examples('yaml');
    const [map, deployment] = parseAllDocuments(text).map((it) => it.toJS());
    const { spec } = deployment.spec.template;
    const [container] = spec.containers;
    expect(container.command).to.deep.equal(['spdyproxy', '--config', '/etc/spdyproxy/proxy.yaml']);
    expect(spec.terminationGracePeriodSeconds).to.be.at.least(30 + 5);
    const { path, port } = container.readinessProbe.httpGet;
    const given: string = map.data['proxy.yaml'];
    expect(given).to.contain(`admin: { port: ${port}, host: '::' }`);
    const { key, cert } = makeCertificate(['localhost']);
    const folder = makeFolder({ 'tls.key': key, 'tls.crt': cert });
    const settled = given
      .replaceAll('/tls/', '')
      .replaceAll(/port: \d+/g, 'port: 0')
      .replaceAll("'::'", '127.0.0.1')
      .replace('app:3000', '127.0.0.1:3000');
    const file = join(folder, 'proxy.yaml');
    writeFileSync(file, settled);
    const proxy = program('spdyproxy', ['--config', file]);
    await proxy.until(/Admin at .*\n/);
    const [, admin = ''] = /Admin at (\S+)\//.exec(proxy.log()) ?? [];
    const [response] = await once(http.get(`${admin}${path}`, { agent: false }), 'response');
    response.resume();
    expect(response.statusCode).to.equal(200);
    expect(await proxy.end()).to.equal(0);
    removeFolder(folder);
  });
});
