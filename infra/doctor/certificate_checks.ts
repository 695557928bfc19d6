import { judgeCertificate } from '../checks/certificate.ts';
import { type Check, messageOf } from '../checks/check.ts';
import { textOf } from '../checks/known_secret.ts';
import { storedValue } from '../checks/stored_values.ts';
import type { ClusterReader } from '../cluster/reader.ts';
import type { StackConfig } from '../config/schema.ts';
import { hostsOf } from '../exposure/tls.ts';

/** Whether the certificate of the host fits, where it is one of config or of an existing Secret. */
export function certificateChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  const { certificate, privateKey } = config.tls;
  const { tlsSecretName: name } = config.ingress;
  // Any name below the wildcard stands for all of them.
  const hosts = hostsOf(config).map((host) => host.replace(/^\*/, 'any'));
  const title = 'certificate';
  if (certificate !== undefined) {
    const fix = 'Set tls.certificate and tls.privateKey to a pair for these hosts.';
    const judge = async (): ReturnType<Check['find']> =>
      judgeCertificate(
        { chain: certificate, key: await textOf(privateKey), hosts, fix },
        new Date(),
      );
    return [{ title, find: judge }];
  }
  if (name === undefined) return [];
  const stored = (key: string): Promise<string> =>
    storedValue(reader, { kind: 'secrets', namespace: config.namespace.name, name, key });
  return [
    {
      title,
      find: async () => {
        const fix = `Put a certificate for ${hosts.join(', ')} and its key into Secret ${name}.`;
        try {
          const [chain, key] = [await stored('tls.crt'), await stored('tls.key')];
          return judgeCertificate({ chain, key, hosts, fix }, new Date());
        } catch (error) {
          return { outcome: 'bad', says: messageOf(error), fix };
        }
      },
    },
  ];
}
