import { type Output, secret } from '@pulumi/pulumi';

import type { Secret } from '../config/values/secret.ts';

/** A secret of config as Pulumi takes it: encrypted in the state, and shown nowhere. */
export function hidden(value: Secret): Output<string>;
export function hidden(value: Secret | undefined): Output<string> | undefined;
export function hidden(value: Secret | undefined): Output<string> | undefined {
  return value === undefined ? undefined : secret(value.reveal());
}
