import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

import { bad, good, unsure, type Finding } from './check.ts';

/** Days before its end from which on a certificate deserves a look. */
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

/** A certificate with its chain, and what it is for. */
export interface CertificateInUse {
  /** PEM, the host's own certificate first. */
  readonly chain: string;
  /** PEM; undefined where it is not at hand. */
  readonly key: string | undefined;
  /** Host names that have to be covered. */
  readonly hosts: readonly string[];
  /** What to do when it does not fit. */
  readonly fix: string;
}

/** Whether the certificate covers the hosts, is in force at `now`, has its key, and comes with a chain that holds together. */
export function judgeCertificate({ chain, fix, hosts, key }: CertificateInUse, now: Date): Finding {
  const unfit = (says: string): Finding => bad(says, fix);
  const certificates = certificatesOf(chain);
  const [own] = certificates;
  if (own === undefined) return unfit('is no certificate in PEM form');
  const uncovered = hosts.filter((host) => !covers(own, host));
  if (uncovered.length > 0) {
    return unfit(`does not cover ${uncovered.join(', ')}; it covers ${namesOf(own)}`);
  }
  const begins = new Date(own.validFrom);
  const ends = new Date(own.validTo);
  if (now < begins) return unfit(`is in force from ${day(begins)} only`);
  if (now >= ends) return unfit(`expired on ${day(ends)}`);
  if (key !== undefined && !fitsKey(own, key)) return unfit('does not belong to its private key');
  const broken = certificates.findIndex((certificate, index) => {
    const issuer = certificates[index + 1];
    return issuer !== undefined && !certificate.checkIssued(issuer);
  });
  if (broken !== -1) {
    return unfit(
      `has a chain out of order: number ${broken + 2} did not sign number ${broken + 1}`,
    );
  }
  const says = `covers ${hosts.join(', ')} until ${day(ends)}`;
  if (ends.getTime() - now.getTime() < SOON_DAYS * DAY_MS) {
    return unsure(says, 'It ends soon: renew it.');
  }
  return good(says);
}

function covers(certificate: X509Certificate, host: string): boolean {
  const found = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
  return found !== undefined;
}

/** None where one of them cannot be read. */
function certificatesOf(chain: string): X509Certificate[] {
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

function fitsKey(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function namesOf(certificate: X509Certificate): string {
  return certificate.subjectAltName?.replaceAll(/(DNS|IP Address):/g, '') ?? certificate.subject;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
