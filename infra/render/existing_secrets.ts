import { stackConfig } from '../config/reading/schema.ts';
import { secretLeaves } from '../config/reading/secret_leaves.ts';
import type { Problem } from '../config/values/problem.ts';
import { valueAt } from '../config/values/value_at.ts';

/** The router does not run without them, so they have to lie in a Secret even where the config does not say them. */
const CREDENTIALS = 'clearml.existingSecret';

/** The key that names an existing Secret in place of each value of which `up` would make one. */
const NAMED_BY: Readonly<Record<string, string>> = {
  'clearml.apiServerKey': CREDENTIALS,
  'clearml.apiServerSecret': CREDENTIALS,
  'clearml.jwksKey': CREDENTIALS,
  'clearml.proxy.password': 'clearml.proxy.existingSecret',
  'imageCredentials.password': 'imageCredentials.existingImagePullSecrets',
  'tls.privateKey': 'ingress.tlsSecretName',
  'router.secret': 'router.existingSecret',
};

/** The one secret that leads to the cluster instead of being put into it. */
const WAY_TO_CLUSTER = 'kubernetes.kubeconfig';

/** Paths of all values of which `up` makes Secrets, with the key that names an existing one instead. */
export const valuesOfSecrets: readonly (readonly [path: readonly string[], namedBy: string])[] =
  secretLeaves(stackConfig)
    .filter((path) => path.join('.') !== WAY_TO_CLUSTER)
    .map((path) => [path, NAMED_BY[path.join('.')] ?? '']);

/** A problem for each value that would have to be written into a file. */
export function secretProblems(raw: unknown): readonly Problem[] {
  const isNamed = valueAt(raw, CREDENTIALS.split('.')) !== undefined;
  const values = valuesOfSecrets
    .filter(
      ([path, namedBy]) =>
        valueAt(raw, path) !== undefined || (namedBy === CREDENTIALS && !isNamed),
    )
    .map(([path, namedBy]): Problem => {
      const message = `has to lie in a Secret that exists in the router's namespace; name that by ${namedBy}, and leave this out`;
      return { path, message };
    });
  const server = ['clearml', 'serverSecret'];
  if (valueAt(raw, server) === undefined) return values;
  const message = `its key would be copied into a file; name a Secret in the router's namespace by ${CREDENTIALS}, and leave this out`;
  return [...values, { path: server, message }];
}
