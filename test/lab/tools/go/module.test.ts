import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishedGoMod } from './module.ts';

const GO_MOD = `module k8s.io/kubernetes

require (
	github.com/kept v1.0.0
	k8s.io/api v0.0.0
	k8s.io/client-go v0.0.0
)

replace (
	github.com/kept => github.com/fork v1.2.3
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/client-go => ../client-go
	k8s.io/unused => ./FORBIDDEN_DEPENDENCY
)

replace k8s.io/api => ../api
replace k8s.io/forbidden => ./FORBIDDEN_DEPENDENCY
`;

test('folders of the repository become the published modules, all else stays', () => {
  assert.equal(
    publishedGoMod(GO_MOD, '0.35.4'),
    `module k8s.io/kubernetes

require (
	github.com/kept v1.0.0
	k8s.io/api v0.0.0
	k8s.io/client-go v0.0.0
)

replace (
	github.com/kept => github.com/fork v1.2.3
	k8s.io/api => k8s.io/api v0.35.4
	k8s.io/client-go => k8s.io/client-go v0.35.4
)

replace k8s.io/api => k8s.io/api v0.35.4
`,
  );
});

test('a module without siblings keeps its go.mod', () => {
  const goMod = 'module a\n\nreplace (\n\tb => c v1.0.0\n)\n';
  assert.equal(publishedGoMod(goMod, undefined), goMod);
});
