import { RunError } from '@pulumi/pulumi';

/** What went wrong, for callers that react to it; the message is for the operator. */
export type InfraErrorCode =
  | 'config-invalid'
  | 'cluster-unreachable'
  | 'cluster-another'
  | 'cluster-too-old'
  | 'address-missing'
  | 'signing-key-missing'
  | 'bundle-failed';

/**
 * An error that its reader can mend. Pulumi prints the message of a `RunError` without a stack trace, from the CLI and
 * from the Automation API alike.
 */
export class InfraError extends RunError {
  readonly code: InfraErrorCode;

  constructor(code: InfraErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
