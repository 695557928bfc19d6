import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A self-signed certificate for 127.0.0.1 and localhost, which is its own CA. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Path of the certificate, for settings that name a CA file. */
  readonly certFile: string;
  /** Deletes the files. */
  readonly remove: () => void;
}

/** Undefined where there is no openssl: Node makes keys, but no certificates. @param names that it is for. */
export function makeCertificate(names = 'IP:127.0.0.1,DNS:localhost'): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const remove = (): void => rmSync(folder, { recursive: true });
  const what =
    '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost';
  const alternatives = ['-addext', `subjectAltName=${names}`];
  const options = [...what.split(' '), ...alternatives, '-keyout', keyFile, '-out', certFile];
  try {
    execFileSync('openssl', ['req', ...options], { stdio: 'ignore' });
  } catch {
    remove();
    return undefined;
  }
  return {
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
    certFile,
    remove,
  };
}
