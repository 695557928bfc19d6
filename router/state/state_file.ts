import { hash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import * as z from 'zod';
import type { StateObject, StateText } from './state_object.ts';

/** Version 0.2 kept nothing but the records of endpoint tokens. */
const FIRST_FORM = z.array(z.unknown()).transform((records) => ({ 'endpoint-tokens': records }));
const FORM = z.union([z.record(z.string(), z.unknown()), FIRST_FORM]);

function parse(text: string): Readonly<Record<string, unknown>> {
  return text.trim() === '' ? {} : FORM.parse(JSON.parse(text));
}

/**
 * STATE_FILE: the state of a router without a cluster, one JSON object with a key for each section. Written as a whole into a file
 * beside it that then takes its place, so that a reader sees the old state or the new one. One process writes it.
 */
export function createStateFile(path: string): StateObject {
  let last: Promise<unknown> = Promise.resolve();

  const write = async (before: StateText, name: string, section: string): Promise<boolean> => {
    const text = await readOrEmpty(path);
    if (versionOf(text) !== before.version) return false;
    const next = `${path}.next`;
    const file = await open(next, 'w', 0o600);
    await file.writeFile(
      JSON.stringify({ ...parse(text), [name]: JSON.parse(section) as unknown }),
    );
    await file.sync();
    await file.close();
    await rename(next, path);
    return true;
  };

  return {
    read: async () => {
      const text = await readOrEmpty(path);
      const sections = Object.entries(parse(text)).map(([name, value]): [string, string] => [
        name,
        JSON.stringify(value),
      ]);
      return { version: versionOf(text), texts: new Map(sections) };
    },
    // One after the other: each compares what is there with what it read.
    write: (before, name, section) => {
      const written = last.then(() => write(before, name, section));
      last = written.catch(() => undefined);
      return written;
    },
  };
}

function versionOf(text: string): string {
  return hash('sha256', text);
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
