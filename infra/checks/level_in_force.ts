import {
  featureSetOf,
  keepsUsersApart,
  levelOnServer,
} from '../../router/auth/access/default_level.ts';
import { narrower } from '../../router/grammar/access_level.ts';
import { ownerGap, portGap, WHO } from '../advice/endpoint_access.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { good, unsure, type Finding } from './check.ts';

/** The level of an endpoint that says nothing, and the key that decides on it. */
function levelOf({ router }: StackConfig, featureSet: string | undefined) {
  const { default: given, widest } = router.access;
  const wanted = given ?? levelOnServer(featureSet);
  const level = narrower(wanted, widest);
  if (level !== wanted) return { level, from: 'router.access.widest' };
  return {
    level,
    from: given === undefined ? 'router.access.default is left out' : 'router.access.default',
  };
}

/**
 * Who opens an endpoint that says nothing, on the server that issued the token.
 *
 * @param token of the router's own login.
 */
export function judgeLevel(config: StackConfig, token: string): Finding {
  const featureSet = featureSetOf(token);
  const { from, level } = levelOf(config, featureSet);
  const server = keepsUsersApart(featureSet)
    ? 'shows tasks to those who may see them'
    : 'shows every task to everybody';
  const says = `the server (feature set ${featureSet ?? 'not named'}) ${server}; who opens an endpoint that says nothing: ${WHO[level]} (${level}: ${from})`;
  const gap = level === 'visible' ? undefined : ownerGap(config);
  return gap === undefined ? good(says) : unsure(`${says}, which does not hold yet`, gap);
}

/** Whether ports of the range let in others than the level does. */
export function judgePorts(config: StackConfig, token: string): Finding {
  const { level } = levelOf(config, featureSetOf(token));
  const gap = level === 'visible' ? undefined : portGap(config);
  if (gap !== undefined) {
    return unsure(`they know no level, and ${level} is the one of endpoints that say nothing`, gap);
  }
  return good(
    config.tcpSession?.onlyVisible === true
      ? 'for endpoints at level visible alone'
      : 'endpoints that say nothing are at level visible',
  );
}
