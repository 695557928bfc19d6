import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** One key of the stamps, with the name by which a stamp says that it was made with it. */
export interface SealingKey {
  readonly id: string;
  readonly secret: KeyObject;
}

function toKey(bytes: Uint8Array): SealingKey {
  const secret = createSecretKey(bytes);
  return { id: createHmac('sha256', secret).update('key id').digest('hex').slice(0, 8), secret };
}

/** Makes keys of secrets, anew when these are another list. */
export function sealingKeys(secrets: () => readonly Uint8Array[]): () => readonly SealingKey[] {
  let madeOf: readonly Uint8Array[] = [];
  let made: readonly SealingKey[] = [];
  return () => {
    const current = secrets();
    if (current !== madeOf) {
      madeOf = current;
      made = current.map(toKey);
    }
    return made;
  };
}

/** Over JSON, which no two different lists share. */
export function seal({ secret }: SealingKey, fields: readonly unknown[]): Buffer {
  return createHmac('sha256', secret).update(JSON.stringify(fields)).digest();
}
