import type { Output } from '@pulumi/pulumi';

/** A secret of config as text. It is known, in a preview too, because it came from config. */
export function textOf(secret: Output<string> | undefined): Promise<string | undefined> {
  if (secret === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    secret.apply(resolve);
  });
}
