import type { StackConfig } from '../stack_config.ts';

/** What leads HTTP from outside to the router's Service. */
export type Exposure =
  'ingress' | 'gateway' | 'openshiftRoute' | 'LoadBalancer' | 'NodePort' | 'none';

/** Sections of the config that decide on the exposure. */
type Deciding = Pick<StackConfig, 'ingress' | 'gateway' | 'openshiftRoute' | 'service'>;

/** The exposures that config switches on by name, in words of the config. */
export function exposuresNamed(config: Deciding): readonly string[] {
  return [
    ...(config.ingress.enabled === true ? ['ingress.enabled'] : []),
    ...(config.gateway.enabled ? ['gateway.enabled'] : []),
    ...(config.openshiftRoute.enabled ? ['openshiftRoute.enabled'] : []),
    ...(config.service.type === 'ClusterIP' ? [] : [`service.type ${config.service.type}`]),
  ];
}

/** The one exposure: the one that is switched on, an Ingress where nothing is said, none where the Ingress is off. */
export function exposureOf(config: Deciding): Exposure {
  if (config.gateway.enabled) return 'gateway';
  if (config.openshiftRoute.enabled) return 'openshiftRoute';
  if (config.service.type !== 'ClusterIP') return config.service.type;
  return config.ingress.enabled === false ? 'none' : 'ingress';
}
