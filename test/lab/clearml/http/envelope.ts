import { compareVersions } from '../call.ts';
import type { Document, Json } from '../document.ts';

export interface Outcome {
  readonly code: number;
  readonly subcode: number;
  readonly message: string;
  readonly errorData: Document;
  readonly data: Json;
}

/** What the envelope says of the call itself. */
export interface Meta {
  readonly id: string;
  readonly trx: string;
  readonly name: string;
  readonly requestedVersion: string;
  readonly actualVersion: string | undefined;
}

/** The body of every answer. Clients older than 2.1 get their versions as numbers. */
export function envelope(meta: Meta, outcome: Outcome): string {
  const old = compareVersions(meta.requestedVersion, '2.1') < 0;
  const version = (value: string | undefined) =>
    value === undefined ? null : old ? Number(value) : value;
  return JSON.stringify({
    meta: {
      id: meta.id,
      trx: meta.trx,
      endpoint: {
        name: meta.name,
        requested_version: version(meta.requestedVersion),
        actual_version: version(meta.actualVersion),
      },
      result_code: outcome.code,
      result_subcode: outcome.subcode,
      result_msg: outcome.message,
      error_stack: null,
      error_data: outcome.errorData,
    },
    data: outcome.data,
  });
}
