/** A port of a task, asked for or not. */
export interface OwnPort {
  readonly taskId: string;
  readonly port: number;
}

const PATH = /^\/api\/v1\/tasks\/([0-9a-f]{32})\/ports\/([1-9][0-9]{0,4})$/;
const LAST_PORT = 65_535;

/** The port that a raw path of the router's own names; undefined for every other path. */
export function readOwnPort(path: string): OwnPort | undefined {
  const [, taskId, digits] = PATH.exec(path) ?? [];
  const port = Number(digits);
  return taskId === undefined || port > LAST_PORT ? undefined : { taskId, port };
}
