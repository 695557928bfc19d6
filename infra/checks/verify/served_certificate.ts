import { connect, type DetailedPeerCertificate } from 'node:tls';

import { judgeCertificate } from '../judge_certificate.ts';
import { ANSWER_TIME_LIMIT_MS, unsure, type Finding } from '../check.ts';
import { portOf } from '../../../router/grammar/authority.ts';

/** A longer chain is not followed. */
const LONGEST_CHAIN = 10;

const FIX =
  'Look at the Secret, issuer or listener that the host takes its certificate from, and whether DNS leads there.';

/** The certificate that users get: whom it is for, until when, its chain, and whether this machine trusts it. */
export async function judgeServedCertificate(url: string, host: string): Promise<Finding> {
  const at = new URL(url);
  const { chain, distrust } = await served(at.hostname.replaceAll(/[[\]]/g, ''), portOf(at), host);
  const finding = judgeCertificate({ chain, key: undefined, hosts: [host], fix: FIX }, new Date());
  if (finding.outcome === 'bad' || distrust === undefined) return finding;
  return unsure(
    `${finding.says}, but this machine does not trust it: ${distrust}`,
    "Good where users have the company's own CA; name it here by NODE_EXTRA_CA_CERTS. Else the chain lacks an intermediate " +
      'certificate, or the CA is not public.',
  );
}

interface Served {
  /** PEM. */
  readonly chain: string;
  /** Why this machine would refuse it. */
  readonly distrust: string | undefined;
}

/** Connects to `address`, asking for `host`: a wildcard name need not lead anywhere yet. */
function served(address: string, port: number, host: string): Promise<Served> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address,
      port,
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      // Looked at, not used: nothing is sent over this connection.
      rejectUnauthorized: false,
      timeout: ANSWER_TIME_LIMIT_MS,
    });
    socket.on('secureConnect', () => {
      const error: unknown = socket.authorizationError;
      const chain = pem(socket.getPeerCertificate(true));
      socket.destroy();
      resolve({ chain, distrust: socket.authorized ? undefined : String(error) });
    });
    socket.on('timeout', () => {
      socket.destroy(new Error(`${address}:${port} does not answer`));
    });
    socket.on('error', reject);
  });
}

function pem(first: DetailedPeerCertificate): string {
  const blocks: string[] = [];
  let certificate: DetailedPeerCertificate | undefined = first;
  while (certificate?.raw !== undefined && blocks.length < LONGEST_CHAIN) {
    const lines = certificate.raw.toString('base64').match(/.{1,64}/g) ?? [];
    blocks.push(['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----'].join('\n'));
    const issuer: DetailedPeerCertificate = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
  return blocks.join('\n');
}
