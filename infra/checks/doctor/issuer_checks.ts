import { z } from 'zod';

import { bad, good, type Check, type Finding } from '../check.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import { pathOfIssuer } from './object_checks.ts';
import type { StackConfig } from '../../config/stack_config.ts';

/** As much of cert-manager's issuers as decides on a wildcard: https://cert-manager.io/docs/reference/api-docs/#acme.cert-manager.io/v1.ACMEChallengeSolver */
const issuer = z.looseObject({
  spec: z.looseObject({
    acme: z
      .looseObject({
        solvers: z
          .array(
            z.looseObject({
              dns01: z.unknown().optional(),
              selector: z
                .looseObject({
                  dnsNames: z.array(z.string()).optional(),
                  dnsZones: z.array(z.string()).optional(),
                })
                .optional(),
            }),
          )
          .default([]),
      })
      .optional(),
  }),
});

type Reader = Pick<ClusterReader, 'read'>;
type Solver = NonNullable<z.output<typeof issuer>['spec']['acme']>['solvers'][number];

/** Whether the issuer can sign all names below `ingress.wildcardHost`: ACME takes no proof of them but DNS-01 (RFC 8555, 8.4 and 9.7.7). */
export function issuerChecks(config: StackConfig, reader: Reader): readonly Check[] {
  const { wildcardHost } = config.ingress;
  const path = pathOfIssuer(config);
  if (wildcardHost === undefined || path === undefined) return [];
  const host = `*.${wildcardHost}`;
  return [{ title: `certificate for ${host}`, find: () => canSign(reader, path, host) }];
}

async function canSign(reader: Reader, path: string, host: string): Promise<Finding> {
  const { data } = issuer.safeParse(await reader.read(path));
  const acme = data?.spec.acme;
  if (acme === undefined) return good('its issuer is no ACME issuer');
  if (acme.solvers.some((solver) => solves(solver, host))) return good('its issuer has DNS-01');
  return bad(
    'its issuer is an ACME issuer without DNS-01 for it',
    'Give the issuer a dns01 solver: HTTP-01 proves no wildcard. https://cert-manager.io/docs/configuration/acme/dns01/',
  );
}

/** A solver without names and zones is for all. */
function solves({ dns01, selector }: Solver, host: string): boolean {
  if (dns01 === undefined) return false;
  const { dnsNames = [], dnsZones = [] } = selector ?? {};
  return (
    dnsNames.length + dnsZones.length === 0 ||
    dnsNames.includes(host) ||
    dnsZones.some((zone) => host.endsWith(`.${zone}`))
  );
}
