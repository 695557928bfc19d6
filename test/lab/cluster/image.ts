/** A container image made of files of this machine; no registry is asked. */
export interface Image {
  /** As pods name it, for example `node:24-alpine`. */
  readonly reference: string;
  /** Executables: path in the image → path on this machine. The libraries that `ldd` names come along. */
  readonly executables: Readonly<Record<string, string>>;
  /** Text files: path in the image → content. */
  readonly files: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}
