import { z } from 'zod';

import { hostName, isIpAddress, kubernetesObject } from '../../values/values.ts';

const ipAddress = z
  .string({ error: 'expected an IP address' })
  .refine(isIpAddress, { error: 'expected an IP address' });

/** A line of /etc/hosts. */
export const hostAlias = z.strictObject(
  {
    ip: ipAddress.describe('Address'),
    hostnames: z
      .array(hostName, { error: 'expected a list of host names' })
      .min(1, 'expected at least one host name')
      .describe('Names that lead to it'),
  },
  { error: 'expected ip and hostnames' },
);

/** DNS servers and search domains of a pod. */
export const dnsConfig = z.strictObject(
  {
    nameservers: z
      .array(ipAddress, { error: 'expected a list of addresses' })
      .optional()
      .describe('Addresses of DNS servers'),
    searches: z
      .array(hostName, { error: 'expected a list of domains' })
      .optional()
      .describe('Domains that short names are looked up in'),
    options: z
      .array(kubernetesObject, { error: 'expected a list' })
      .optional()
      .describe('Options such as name: ndots, value: "1"'),
  },
  { error: 'expected nameservers, searches and options' },
);
