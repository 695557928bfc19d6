import { type Output, secret } from '@pulumi/pulumi';

import { Secret } from '../config/values/secret.ts';

/** A secret that another resource makes, in the place of one that config says. */
export class ResourceSecret extends Secret {
  readonly output: Output<string>;

  constructor(output: Output<string>) {
    super('');
    this.output = output;
  }
}

/** A secret of config as Pulumi takes it: encrypted in the state, and shown nowhere. */
export function hidden(value: Secret): Output<string>;
export function hidden(value: Secret | undefined): Output<string> | undefined;
export function hidden(value: Secret | undefined): Output<string> | undefined {
  if (value === undefined) return undefined;
  return secret(value instanceof ResourceSecret ? value.output : value.reveal());
}
