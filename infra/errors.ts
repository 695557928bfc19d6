import { z } from 'zod';

/** What went wrong, for callers that react to it; the message is for the operator. */
export type InfraErrorCode =
  | 'config-invalid'
  | 'cluster-unreachable'
  | 'cluster-another'
  | 'cluster-too-old'
  | 'address-missing'
  | 'signing-key-missing'
  | 'bundle-failed'
  | 'look-failed'
  | 'folder-taken';

/**
 * An error that its reader can mend. Pulumi prints its message without a stack trace, from the CLI and from the Automation API
 * alike: the mark is how it knows a `RunError`, whose class would load Pulumi into what reads a config.
 */
export class InfraError extends Error {
  readonly code: InfraErrorCode;
  readonly __pulumiRunError = true;

  constructor(code: InfraErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Message of an error with that of its cause, which is where `fetch` puts the reason; of an answer in another form, where it differs. */
export function messageOf(error: unknown): string {
  if (error instanceof z.core.$ZodError) {
    const [issue] = error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    return `an answer in an unknown form: ${path === '' ? '' : `${path}: `}${issue?.message ?? ''}`;
  }
  if (!(error instanceof Error)) return String(error);
  const reason = error.cause instanceof Error ? error.cause.message : '';
  // The router's own errors say it themselves.
  const cause = error.message.includes(reason) ? '' : `: ${reason}`;
  const [status = '', meaning = ''] = `${error.message}${cause}`.split('\n');
  return `${status} ${meaning}`.trim().slice(0, 300);
}
