import { FOR_WHOM, type EndpointLevel } from '../../grammar/access_level.ts';

/**
 * TCP_ONLY_VISIBLE: why an endpoint of this level gets no port of the range, where no sign-in would keep others out. Undefined where it
 * may have one, or where there is no sign-in at all.
 */
export function noPortAt(level: EndpointLevel | undefined): string | undefined {
  if (level === undefined || level === 'visible') return undefined;
  return `it is for ${FOR_WHOM[level]}, and a port would let in whoever reaches it (TCP_ONLY_VISIBLE)`;
}
