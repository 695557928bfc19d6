import { brotliCompressSync, constants } from 'node:zlib';

import { InfraError } from '../errors.ts';

/**
 * Most that packed code may have. A ConfigMap holds 1 MiB (1,048,576), less its other fields; and each `up` keeps three times this in
 * the state, which is to stay about 1 MB.
 */
export const PACKED_BUDGET_BYTES = 350_000;

/** File of the compressed code, beside the one that unpacks it. */
const PACKED = '.br';

/** The router's code as a ConfigMap holds it, by file: texts, and bytes in base64. */
export interface PackedCode {
  readonly data: Readonly<Record<string, string>>;
  readonly binaryData: Readonly<Record<string, string>>;
}

/**
 * Packs code of ASCII letters into two files: `file`, which Node runs, unpacks the other one and becomes it. A stack's state holds each
 * ConfigMap three times (the inputs, the object as it is, and the provider's copy of the inputs in it), and a backend of files keeps
 * the state of each `up`: packed, 2.7 MB of them are 1.0.
 *
 * @throws InfraError `bundle-failed` when the result is over its budget.
 */
export function packed(file: string, code: string): PackedCode {
  const bytes = brotliCompressSync(code, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: code.length,
    },
  });
  const text = bytes.toString('base64');
  if (text.length > PACKED_BUDGET_BYTES) {
    throw new InfraError(
      'bundle-failed',
      `The router's bundle has ${text.length} bytes when it is packed; ${PACKED_BUDGET_BYTES} are its limit, since a ConfigMap and the stack's state have to hold it.`,
    );
  }
  return { data: { [file]: LOADER }, binaryData: { [`${file}${PACKED}`]: text } };
}

/** By the function that `require` compiles modules with: the code finds itself where a file of its own would have put it. */
const LOADER = `'use strict';
const { readFileSync } = require('node:fs');
const { brotliDecompressSync } = require('node:zlib');
const code = brotliDecompressSync(readFileSync(__filename + '${PACKED}'));
module._compile(code.toString('latin1'), __filename);
`;
