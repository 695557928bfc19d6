import type { SettingValues } from './schema.ts';

/** Settings that the ports of the TCP range follow from. */
export type TcpRangeSettings = Partial<
  Pick<SettingValues, 'TCP_PORT_START' | 'TCP_PORT_END' | 'TCP_LISTEN_START'>
>;

/** Ports in a row, both ends included. */
export interface PortRange {
  readonly start: number;
  readonly end: number;
}

/** The ports of a range, in order. */
export function portsOf({ end, start }: PortRange): number[] {
  return Array.from({ length: end - start + 1 }, (_, index) => start + index);
}

/** The ports that users connect to, which answers, logs, metrics and the page name. Undefined where TCP is off. */
export function publicRange(settings: TcpRangeSettings): PortRange | undefined {
  const { TCP_PORT_START: start, TCP_PORT_END: end } = settings;
  return start === undefined || end === undefined ? undefined : { start, end };
}

/** Listen port minus public port: the same for each port of the range. */
function distance({ TCP_PORT_START: start, TCP_LISTEN_START: listen }: TcpRangeSettings): number {
  return start === undefined || listen === undefined ? 0 : listen - start;
}

/** The ports that the process itself listens on: those of `publicRange`, from TCP_LISTEN_START on. */
export function listenRange(settings: TcpRangeSettings): PortRange | undefined {
  const range = publicRange(settings);
  const by = distance(settings);
  return range === undefined ? undefined : { start: range.start + by, end: range.end + by };
}

/** Which port to listen on for a port of the public range. */
export function listenPortOf(settings: TcpRangeSettings): (port: number) => number {
  const by = distance(settings);
  return (port) => port + by;
}
