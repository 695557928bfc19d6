import type { Document } from './document.ts';

/** The server's own codes, subcodes and texts, by the names that its source gives them. */
const ERRORS = {
  invalid_id: [400, 10, 'invalid object id'],
  missing_required_fields: [400, 11, 'missing required fields'],
  validation_error: [400, 12, 'validation error'],
  invalid_fields: [400, 14, 'fields not defined for object'],
  fields_value_error: [400, 16, 'invalid value for fields'],
  batch_contains_no_items: [400, 17, 'batch request contains no items'],
  invalid_regex: [400, 21, 'malformed regular expression'],
  invalid_task_id: [400, 101, 'invalid task id'],
  invalid_task_status: [400, 110, 'invalid task status'],
  task_cannot_be_deleted: [400, 123, 'task cannot be deleted'],
  invalid_user: [400, 300, 'invalid user'],
  invalid_user_id: [400, 301, 'invalid user id'],
  invalid_project_id: [400, 401, 'invalid project id'],
  invalid_queue_id: [400, 701, 'invalid queue id'],
  task_already_queued: [400, 706, 'failed adding task to queue since task is already queued'],
  no_default_queue: [400, 707, 'no queue is tagged as the default queue for this company'],
  data_validation_error: [400, 800, 'data validation error'],
  expected_unique_data: [
    400,
    801,
    'value combination already exists (unique field already contains this value)',
  ],
  no_containers_for_url: [400, 1052, 'no container instances found for service url'],
  bad_auth_type: [401, 10, 'unauthorized (bad authentication header type)'],
  no_credentials: [401, 20, 'unauthorized (missing credentials)'],
  bad_credentials: [401, 21, 'unauthorized (malformed credentials)'],
  invalid_credentials: [401, 22, 'unauthorized (invalid credentials)'],
  invalid_token: [401, 30, 'invalid token'],
  role_not_allowed: [403, 20, 'forbidden (not allowed for role)'],
  no_write_permission: [403, 21, 'forbidden (modification not allowed)'],
  general_error: [500, 0, 'general server error'],
} as const satisfies Record<string, readonly [number, number, string]>;

export type ApiErrorName = keyof typeof ERRORS;

/** An error that the caller gets in an envelope, with the HTTP status of its code. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly subcode: number;
  readonly data: Document;

  constructor(code: number, subcode: number, message: string, data: Document = {}) {
    super(message);
    this.code = code;
    this.subcode = subcode;
    this.data = data;
  }
}

/** Makes an error as the server words it: text, `(extra)`, then `: name=value, …`. */
export function apiError(name: ApiErrorName, extra?: string, data: Document = {}): ApiError {
  const [code, subcode, text] = ERRORS[name];
  const details = Object.entries(data).map(([key, value]) => `${key}=${format(value)}`);
  return new ApiError(
    code,
    subcode,
    `${text}${extra === undefined ? '' : ` (${extra})`}${details.length === 0 ? '' : `: ${details.join(', ')}`}`,
    data,
  );
}

function format(value: Document[string]): string {
  if (Array.isArray(value)) return `(${value.join(', ')})`;
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
