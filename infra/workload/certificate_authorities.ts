import { immutableConfigMap } from './immutable_config_map.ts';
import { type Mount, mountOf } from '../mount.ts';
import type { Scope } from '../scope.ts';

const FILE = 'ca.pem';

/** The CA certificates that ClearML's servers are verified with, beside the well-known ones; undefined where none are given. */
export function certificateAuthorities(scope: Scope): Mount | undefined {
  const { caCertificates, existingCaConfigMap, existingCaSecret } = scope.config.clearml;
  if (existingCaConfigMap !== undefined) {
    return mount({ configMap: { name: existingCaConfigMap.name } }, existingCaConfigMap.key);
  }
  if (existingCaSecret !== undefined) {
    const { key, name: secretName } = existingCaSecret;
    // Such a Secret may hold a private key, too: the pod sees the certificates alone.
    return mount({ secret: { secretName, items: [{ key, path: FILE }] } }, FILE);
  }
  if (caCertificates === undefined) return undefined;
  const name = immutableConfigMap(scope, 'ca', { data: { [FILE]: caCertificates } });
  return mount({ configMap: { name } }, FILE);
}

/** Those that the certificates of HTTPS tasks are checked against; undefined where none are given. */
export function taskCertificateAuthorities(scope: Scope): Mount | undefined {
  const { taskCa } = scope.config.router;
  if (taskCa === undefined) return undefined;
  const name = immutableConfigMap(scope, 'task-ca', { data: { [FILE]: taskCa } });
  return mountOf(
    {
      name: 'task-certificate-authorities',
      source: { configMap: { name } },
      folder: '/etc/task-router/task-ca',
    },
    { TASK_CA_FILE: FILE },
  );
}

function mount(source: Mount['source'], file: string): Mount {
  return mountOf(
    { name: 'certificate-authorities', source, folder: '/etc/task-router/ca' },
    { CLEARML_CA_FILE: file },
  );
}
