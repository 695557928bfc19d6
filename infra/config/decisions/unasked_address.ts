import { z } from 'zod';

import { isIpAddress } from '../values/values.ts';

/** The keys that this is about, wherever they come from: a stack's config, or values that nobody has checked yet. */
const session = z.looseObject({
  routerAddress: z.string().refine(isIpAddress),
  service: z
    .looseObject({
      type: z.literal('LoadBalancer').optional(),
      loadBalancerIP: z.undefined().optional(),
      annotations: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});

/**
 * Annotations by which load balancers are asked for an address: `metallb.io/loadBalancerIPs`, `lbipam.cilium.io/ips`,
 * `service.beta.kubernetes.io/azure-load-balancer-ipv4` and `azure-pip-name`, `networking.gke.io/load-balancer-ip-addresses`,
 * `service.beta.kubernetes.io/aws-load-balancer-eip-allocations` and `aws-load-balancer-private-ipv4-addresses`, and their kin.
 * MetalLB's `allow-shared-ip` asks for none.
 */
const ASKS =
  /(?<!allow-shared-)(ips?|ipv[46]|ip-addresses|ipv4-addresses|eip-allocations|pip-name)$/i;

/**
 * A load balancer whose address is named to users, and asked for nowhere: it answers at another one, and every connection is refused.
 *
 * @param tcpSession the section `tcpSession`, checked or not.
 * @returns what to do about it; undefined where all is well, or a key is of another form.
 */
export function unaskedAddress(tcpSession: unknown): string | undefined {
  const found = session.safeParse(tcpSession).data;
  if (found === undefined) return undefined;
  const { routerAddress, service } = found;
  if (Object.keys(service?.annotations ?? {}).some((key) => ASKS.test(key))) return undefined;
  return (
    `tcpSession.routerAddress ${routerAddress} is what users are told, and nothing asks the load balancer for it. Set ` +
    `tcpSession.service.loadBalancerIP to ${routerAddress}, or the annotation that it reads instead; or remove ` +
    'tcpSession.routerAddress, which takes the address that the load balancer gets; or set tcpSession.service.type to ' +
    'NodePort where this is the address of nodes.'
  );
}
