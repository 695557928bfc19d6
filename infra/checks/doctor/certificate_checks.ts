import { judgeCertificate } from '../judge_certificate.ts';
import { bad, type Check, type Finding } from '../check.ts';
import { messageOf } from '../../errors.ts';
import { storedValue } from '../stored_values.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { hostsOf, sampleOf } from '../../config/decisions/tls.ts';

/** Whether the certificate of the host fits, where it is one of config or of an existing Secret. */
export function certificateChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  const { certificate, privateKey } = config.tls;
  const { tlsSecretName: name } = config.ingress;
  const hosts = hostsOf(config).map(sampleOf);
  const title = 'certificate';
  if (certificate !== undefined) {
    const fix = 'Set tls.certificate and tls.privateKey to a pair for these hosts.';
    const own = { chain: certificate, key: privateKey?.reveal(), hosts, fix };
    return [{ title, find: () => Promise.resolve(judgeCertificate(own, new Date())) }];
  }
  if (name === undefined) return [];
  const stored = (key: string): Promise<string> =>
    storedValue(reader, {
      kind: 'Secret',
      place: 'ingress.tlsSecretName',
      namespace: config.namespace.name,
      name,
      key,
    });
  const find = async (): Promise<Finding> => {
    const fix = `Put a certificate for ${hosts.join(', ')} and its key into Secret ${name}.`;
    try {
      const [chain, key] = [await stored('tls.crt'), await stored('tls.key')];
      return judgeCertificate({ chain, key, hosts, fix }, new Date());
    } catch (error) {
      return bad(messageOf(error), fix);
    }
  };
  return [{ title, find }];
}
