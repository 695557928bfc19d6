import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../command.ts';
import type { Networks } from '../network/networks.ts';

/** Certificates, keys and tokens of a cluster; certificates and keys are paths of PEM files but `certificateAuthorityData`. */
export interface Pki {
  readonly certificateAuthority: string;
  /** Base64 of the PEM, as kubeconfigs hold it. */
  readonly certificateAuthorityData: string;
  readonly apiServer: KeyPair;
  /** What the API server shows to the kubelet, for logs and exec. */
  readonly kubeletClient: KeyPair;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  /** From which the API server knows the tokens. */
  readonly tokenFile: string;
  readonly tokens: Readonly<Record<Identity, string>>;
}

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export const NODE_NAME = 'lab-node';

/** Who speaks to the API server. Names and groups are those that Kubernetes' own RBAC rules grant. */
export const IDENTITIES = {
  admin: { user: 'admin', group: 'system:masters' },
  controllerManager: { user: 'system:kube-controller-manager', group: '' },
  scheduler: { user: 'system:kube-scheduler', group: '' },
  kubelet: { user: `system:node:${NODE_NAME}`, group: 'system:nodes' },
  kubeProxy: { user: 'system:kube-proxy', group: '' },
} as const;
export type Identity = keyof typeof IDENTITIES;

/** A cluster lives for a day of work; its certificates may not outlive it by much. */
const LIFETIME_DAYS = 30;

/** Makes new certificates, keys and tokens in `folder`. */
export async function makePki(folder: string, networks: Networks): Promise<Pki> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority: KeyPair = {
    certificate: join(folder, 'ca.crt'),
    key: join(folder, 'ca.key'),
  };
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    String(LIFETIME_DAYS),
    '-subj',
    '/CN=task-traffic-router-lab',
    '-addext',
    'keyUsage=critical,keyCertSign,digitalSignature',
    '-keyout',
    authority.key,
    '-out',
    authority.certificate,
  ]);
  const apiServer = await issue(folder, authority, 'apiserver', '/CN=kube-apiserver', [
    `IP:${networks.nodeAddress}`,
    `IP:${networks.apiService}`,
    'IP:127.0.0.1',
    'DNS:localhost',
    'DNS:kubernetes.default.svc',
  ]);
  const kubeletClient = await issue(
    folder,
    authority,
    'apiserver-kubelet-client',
    '/O=system:masters/CN=kube-apiserver-kubelet-client',
    ['DNS:kube-apiserver-kubelet-client'],
  );
  const serviceAccount = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const serviceAccountKey = join(folder, 'service-account.key');
  const serviceAccountPublicKey = join(folder, 'service-account.pub');
  await writeFile(serviceAccountKey, serviceAccount.privateKey, { mode: 0o600 });
  await writeFile(serviceAccountPublicKey, serviceAccount.publicKey);
  return {
    certificateAuthority: authority.certificate,
    certificateAuthorityData: await readFile(authority.certificate, 'base64'),
    apiServer,
    kubeletClient,
    serviceAccountKey,
    serviceAccountPublicKey,
    ...(await makeTokens(join(folder, 'tokens.csv'))),
  };
}

async function issue(
  folder: string,
  authority: KeyPair,
  name: string,
  subject: string,
  alternativeNames: readonly string[],
): Promise<KeyPair> {
  const pair: KeyPair = {
    certificate: join(folder, `${name}.crt`),
    key: join(folder, `${name}.key`),
  };
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  await writeFile(
    extensions,
    `subjectAltName=${alternativeNames.join(',')}\nextendedKeyUsage=serverAuth,clientAuth\n`,
  );
  await run('openssl', [
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    subject,
    '-keyout',
    pair.key,
    '-out',
    request,
  ]);
  await run('openssl', [
    'x509',
    '-req',
    '-in',
    request,
    '-extfile',
    extensions,
    '-days',
    String(LIFETIME_DAYS),
    '-CA',
    authority.certificate,
    '-CAkey',
    authority.key,
    '-CAcreateserial',
    '-out',
    pair.certificate,
  ]);
  return pair;
}

/** Makes a new token for each identity. */
async function makeTokens(tokenFile: string): Promise<Pick<Pki, 'tokenFile' | 'tokens'>> {
  const token = (): string => randomBytes(24).toString('base64url');
  const tokens: Pki['tokens'] = {
    admin: token(),
    controllerManager: token(),
    scheduler: token(),
    kubelet: token(),
    kubeProxy: token(),
  };
  const lines = (Object.keys(IDENTITIES) as Identity[]).map((identity) => {
    const { user, group } = IDENTITIES[identity];
    return `${tokens[identity]},${user},${user}${group === '' ? '' : `,"${group}"`}`;
  });
  await writeFile(tokenFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  return { tokenFile, tokens };
}
