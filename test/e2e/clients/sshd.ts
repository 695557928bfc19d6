import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../lab/free_port.ts';

const SSHD = '/usr/sbin/sshd';

/** Why there can be no SSH server here, or false. */
export function withoutSshd(): string | false {
  if (!existsSync(SSHD)) return 'no OpenSSH server (Debian: openssh-server)';
  return process.getuid?.() === 0 ? false : 'an SSH server for this user needs root';
}

/** A real OpenSSH server on a port of loopback that lets the current user in with a fresh key. */
export interface Sshd {
  readonly port: number;
  readonly user: string;
  /** A folder of its own that goes with the server. */
  readonly folder: string;
  /** Options for `ssh`, `scp` and rsync's `-e`: this key, no known hosts, no questions. */
  readonly options: readonly string[];
  readonly stop: () => Promise<void>;
}

export async function startSshd(): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'router-sshd-'));
  const key = join(folder, 'key');
  const hostKey = join(folder, 'host_key');
  for (const path of [key, hostKey]) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  }
  const port = await freePort();
  const config = join(folder, 'sshd_config');
  writeFileSync(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${key}.pub`,
      `PidFile ${join(folder, 'pid')}`,
      'PermitRootLogin yes',
      'StrictModes no',
      'UsePAM no',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  );
  // Privilege separation needs this folder; a service manager would have made it.
  mkdirSync('/run/sshd', { recursive: true });
  const server = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(server, 'exit');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('Server listening')) resolve();
    });
    void exited.then(() => reject(new Error(`the SSH server ended: ${said}`)));
  });
  return {
    port,
    user: userInfo().username,
    folder,
    options: [
      '-F',
      'none',
      '-i',
      key,
      ...['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes']
        .concat('LogLevel=ERROR', 'ConnectTimeout=10', 'IdentitiesOnly=yes')
        .flatMap((option) => ['-o', option]),
    ],
    stop: async () => {
      server.kill();
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}
