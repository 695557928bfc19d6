import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RunError } from '@pulumi/pulumi';

import { InfraError } from '../../infra/errors.ts';

test('Pulumi takes an InfraError for one to print without a stack trace', () => {
  assert.ok(RunError.isInstance(new InfraError('config-invalid', 'wrong')));
});
