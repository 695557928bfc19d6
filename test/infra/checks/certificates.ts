import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate that a CA of its own signed, in PEM form. */
export interface SignedCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/** Makes one for these names; undefined where there is no openssl, since Node makes keys and no certificates. */
export function signedCertificate(
  names: readonly string[],
  days: number,
): SignedCertificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (line: string): void => {
    execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'ignore' });
  };
  const newKey = 'req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  try {
    openssl(`${newKey} -x509 -days 3650 -subj /CN=authority -keyout ca.key -out ca.crt`);
    openssl(`${newKey} -subj /CN=tasks -keyout tls.key -out tls.csr`);
    writeFileSync(file('names'), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`);
    const signed = '-CA ca.crt -CAkey ca.key -CAcreateserial -extfile names';
    openssl(`x509 -req -in tls.csr ${signed} -days ${days} -out tls.crt`);
    const read = (name: string): string => readFileSync(file(name), 'utf8');
    return { certificate: read('tls.crt'), key: read('tls.key'), authority: read('ca.crt') };
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
