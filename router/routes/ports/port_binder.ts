/** Binds the external TCP ports of this replica, as `tcp/listeners.ts` does. */
export interface PortBinder {
  /** Binds the port, and keeps it bound until `release`. False when it cannot be bound here. */
  readonly claim: (port: number) => Promise<boolean>;
  readonly release: (port: number) => void;
}
