import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../lab/free_port.ts';

/** Where Debian keeps the programs of the server, by version. */
const VERSIONS = '/usr/lib/postgresql';

/** A real PostgreSQL server on a port of loopback that lets everybody in as `postgres`. */
export interface Postgres {
  readonly port: number;
  readonly stop: () => void;
}

/** Why there can be none here, or false. */
export function withoutPostgres(): string | false {
  if (folderOfPrograms() === undefined) return 'no PostgreSQL server (Debian: postgresql)';
  return process.getuid?.() === 0 ? false : 'a PostgreSQL server for its own user needs root';
}

function folderOfPrograms(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined;
  const newest = readdirSync(VERSIONS).toSorted((a, b) => Number(b) - Number(a))[0];
  const folder = join(VERSIONS, newest ?? '', 'bin');
  return existsSync(join(folder, 'initdb')) ? folder : undefined;
}

export async function startPostgres(): Promise<Postgres> {
  const programs = folderOfPrograms() ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'router-postgres-'));
  const idOf = (kind: '-u' | '-g') =>
    Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
  const [uid, gid] = [idOf('-u'), idOf('-g')];
  chownSync(folder, uid, gid);
  const data = join(folder, 'data');
  const port = await freePort();
  // The server refuses to run as root.
  const asIts = (program: string, ...args: readonly string[]) =>
    execFileSync(join(programs, program), args, { uid, gid, cwd: folder, stdio: 'ignore' });
  asIts('initdb', '-D', data, '-A', 'trust', '--no-sync');
  const settings = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off`;
  asIts(
    'pg_ctl',
    '-D',
    data,
    '-w',
    '-t',
    '120',
    '-l',
    join(folder, 'log'),
    '-o',
    settings,
    'start',
  );
  return {
    port,
    stop: () => {
      asIts('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      rmSync(folder, { recursive: true });
    },
  };
}
