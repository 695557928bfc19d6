import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ingressAnnotations } from '../../../../infra/network/exposure/controllers.ts';
import { settledConfig } from '../../settled_config.ts';
import { smallest } from '../../stacks.ts';

/** Annotations of an Ingress of class `nginx`, by what serves that class. */
function annotationsFor(controller: string): Readonly<Record<string, string>> {
  const ingress = { ...smallest.ingress, className: 'nginx' };
  const ingressClasses = [{ name: 'nginx', controller, isDefault: false }];
  return ingressAnnotations(settledConfig({ ...smallest, ingress }, { ingressClasses }));
}

suite('the class nginx', () => {
  test('has the annotations of F5 where its controller is theirs', () => {
    assert.deepEqual(annotationsFor('nginx.org/ingress-controller'), {
      'nginx.org/client-max-body-size': '0',
      'nginx.org/proxy-buffer-size': '32k',
      'nginx.org/proxy-buffers': '4 32k',
      'nginx.org/proxy-buffering': 'False',
      'nginx.org/proxy-read-timeout': '3600s',
      'nginx.org/proxy-send-timeout': '3600s',
      'nginx.org/websocket-services': 'task-router',
    });
  });

  test("has those of the community's controller, and so has AKS's application routing", () => {
    const community = annotationsFor('k8s.io/ingress-nginx');
    assert.equal(community['nginx.ingress.kubernetes.io/proxy-read-timeout'], '3600');
    assert.deepEqual(annotationsFor('webapprouting.kubernetes.azure.com/nginx'), community);
  });
});
