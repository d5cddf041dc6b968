import { expect } from 'chai';
import { FakeResources } from '../../../../lib/kubernetes/fake/objects/resource-registry.ts';
import { readRequest } from '../../../../lib/kubernetes/fake/requests/request.ts';

describe('requests to a fake API server', () => {
  function read(method: string, url: string): string {
    const { action, resource, namespace, name } = readRequest(
      method,
      url,
      new FakeResources(),
    ).asked;
    return [action, resource, namespace, name].map((part) => part ?? '-').join(' ');
  }

  it('are read as actions with resources', () => {
    const cases: [string, string, string][] = [
      ['GET', '/api/v1/pods', 'list pods - -'],
      ['GET', '/api/v1/namespaces/ns/pods?watch=true', 'watch pods ns -'],
      ['GET', '/api/v1/namespaces/ns/pods?watch=0', 'list pods ns -'],
      ['HEAD', '/api/v1/namespaces/ns/pods/p', 'get pods ns p'],
      ['GET', '/api/v1/namespaces/ns/pods/p?watch=1', 'get pods ns p'],
      ['POST', '/api/v1/namespaces/ns/pods/p/exec?command=ls', 'exec pods/exec ns p'],
      ['GET', '/api/v1/namespaces/ns/pods/p/log', 'log pods/log ns p'],
      ['PUT', '/api/v1/namespaces/ns', 'update namespaces - ns'],
      ['PATCH', '/apis/apps/v1/namespaces/ns/deployments/d', 'patch deployments.apps ns d'],
      ['DELETE', '/apis/apps/v1/namespaces/ns/deployments/d', 'delete deployments.apps ns d'],
      ['DELETE', '/api/v1/namespaces/ns/pods', 'deletecollection pods ns -'],
      ['GET', '/api/v1/watch/pods', 'watch pods - -'],
      ['GET', '/api/v1/watch/namespaces', 'watch namespaces - -'],
      ['GET', '/api/v1/watch/namespaces/ns', 'watch namespaces - ns'],
      ['GET', '/apis/apps/v1/watch/namespaces/ns/deployments/d', 'watch deployments.apps ns d'],
      ['DELETE', '/api/v1/watch/namespaces/ns/pods', 'other pods ns -'],
    ];
    for (const [method, url, expected] of cases)
      expect(read(method, url), `${method} ${url}`).to.equal(expected);
  });

  it('are something else where they name no place of the API', () => {
    const urls = [
      '/version',
      '/api/v2/pods',
      '/api/v1/pods/p',
      '/api/v1/namespaces/ns/namespaces/n',
      '/api/v1/namespaces/ns/pods/p/nothing',
      '/api/v1/namespaces/n%2/pods',
      '/api/v1/watch',
      '/api/v1/watch/watch/pods',
      '/api/v1/watch/namespaces/ns/status',
      '/api/v1/watch/namespaces/ns/pods/p/log',
    ];
    for (const url of urls) expect(read('GET', url), url).to.equal('other - - -');
  });
});
