import type { IncomingMessage } from 'node:http';
import { ApiError, apiError } from '../api_error.ts';
import { isDocument, isList, withValue, type Document, type Json } from '../document.ts';

const PATH = /^\/?(?:v(?<version>\d+\.?\d+)\/)?(?<name>[a-zA-Z_]\w+\.[a-zA-Z_]\w+)\/?$/;

/** What a path names: `/v2.30/auth.login`, or `/auth.login` for the newest version. Throws 400. */
export function readPath(path: string): {
  readonly name: string;
  readonly version: string | undefined;
} {
  const groups = PATH.exec(path)?.groups;
  const name = groups?.['name'];
  if (name === undefined) throw new ApiError(400, 0, `Invalid request path ${path}`);
  return { name, version: groups?.['version'] };
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** A JSON body; fields of the query go into it. Throws 400 where it is no JSON object. */
export function readData(body: string, query: URLSearchParams): Document {
  let data = parse(body === '' ? '{}' : body);
  if (data === null) data = {};
  // The server trips over it, with Python's words.
  if (!isDocument(data)) throw apiError('general_error', "'list' object has no attribute 'get'");
  let merged: Document = data;
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name).map(converted);
    const list = values.length > 1 || name.endsWith('[]');
    merged = withValue(merged, name.replace(/\[\]$/, ''), list ? values : (values[0] ?? null));
  }
  return merged;
}

/** The lines of an `application/json-lines` body. */
export function readBatch(body: string): readonly Document[] {
  return body
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const item = parse(line);
      if (!isDocument(item) || isList(item)) {
        throw new ApiError(400, 0, 'json lines must contain objects');
      }
      return item;
    });
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new ApiError(400, 0, `Failed to decode JSON object: ${String(error)}`);
  }
}

function converted(value: string): Json {
  if (/^\d+$/.test(value)) return Number.parseInt(value, 10);
  if (/^\d*\.\d*$/.test(value) && value !== '.') return Number.parseFloat(value);
  if (/^(?:true|True|TRUE)$/.test(value)) return true;
  if (/^(?:false|False|FALSE)$/.test(value)) return false;
  return value;
}
