import type { StackConfig } from '../config/stack_config.ts';
import { InfraError } from '../errors.ts';
import type { ClusterReader } from './reader.ts';

/** The Secret of a ClearML server in the same cluster, from which the signing key is read. */
export type ServerSecret = NonNullable<StackConfig['clearml']['serverSecret']>;

/** Whether the cluster says that there is no such Secret; false where it may not be asked, which the read itself tells of. */
export async function lacksSecret(
  reader: ClusterReader,
  { namespace, name }: ServerSecret,
): Promise<boolean> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  return reader.read(path).then(
    (found) => found === undefined,
    () => false,
  );
}

/**
 * @param isMissing whether the cluster lacks it.
 * @throws InfraError `signing-key-missing` where the Secret that `clearml.serverSecret` names is not there.
 */
export function checkServerSecret({ clearml }: StackConfig, isMissing = false): void {
  const { serverSecret } = clearml;
  if (serverSecret === undefined || !isMissing) return;
  const { name, namespace } = serverSecret;
  throw new InfraError(
    'signing-key-missing',
    `clearml.serverSecret: there is no Secret ${name} in namespace ${namespace}. Nothing was changed. Name that of your ClearML ` +
      'server by its name and its namespace, such as: ' +
      'pulumi config set --plaintext --path clearml.serverSecret.namespace clearml',
  );
}
