import { z } from 'zod';

import { cidrs, dnsLabel, flag, port } from '../values/values.ts';

const namespaces = z.array(dnsLabel, { error: 'expected a list of namespaces' });

const ports = z.array(port, { error: 'expected a list of ports' });

/** Objects that go to the cluster as they are written. */
function raw(one: string) {
  const object = z.record(z.string(), z.json(), { error: `expected a ${one} with its keys` });
  return z.array(object, { error: `expected a list of ${one}s` }).optional();
}

/** Rules in the words of Kubernetes; whoever misspells their keys would open more than they meant. */
function rawRules(direction: 'from' | 'to') {
  const error = `expected a list of rules: ${direction} and ports`;
  const rule = z.strictObject({ [direction]: raw('peer'), ports: raw('port') }, { error });
  return z.array(rule, { error });
}

/** `networkPolicy`: what may reach the router's pods, and what they may reach. */
export const networkPolicy = z
  .strictObject(
    {
      enabled: flag
        .default(true)
        .describe(
          'Create a NetworkPolicy; it takes effect where the network plugin enforces it. The ways out that other keys do not narrow lead to ' +
            'any address: DNS on 53 where the cluster tells no pods of it, ClearML on 443 where its URL holds a name of DNS, and the ' +
            "cluster's API server on its ports",
        ),
      ingressNamespaces: namespaces
        .default([])
        .describe(
          'Namespaces of the ingress controller, where it is pods of this cluster; with ingressNetworks empty as well, HTTP is let in ' +
            'from everywhere',
        ),
      ingressNetworks: cidrs
        .default([])
        .describe(
          'Networks that HTTP comes from, beside ingressNamespaces: those of a load balancer that sends to the pods themselves, which ' +
            'then asks them for their health from there too, or of the nodes where the ingress controller uses their network',
        ),
      metricsNamespaces: namespaces
        .default([])
        .describe("Namespaces that read metrics, such as Prometheus' own; nobody else may"),
      taskNamespaces: namespaces
        .default([])
        .describe(
          "Namespaces of the pods of tasks, beside those of router.verifyPods and the router's own: some network plugins, such as " +
            'Cilium, know pods by their labels only, not by router.taskNetworks; where neither key names any, pods of all namespaces',
        ),
      clearmlNetworks: cidrs
        .default([])
        .describe(
          "Networks of ClearML's API server; empty means what its URL says: an address, or a Service of this cluster, whose namespace " +
            'is meant; with a name of DNS, which no policy knows, any address on its port, 443 as a rule',
        ),
      clearmlPorts: ports
        .default([])
        .describe(
          "Ports of ClearML's API server; empty means that of its URL, and 8008 where that may be mapped to pods of this cluster, whose " +
            'port it is that counts',
        ),
      proxyNetworks: cidrs
        .default([])
        .describe(
          'Networks of clearml.proxy; empty means what its URL says, as for ClearML: with a name of DNS any address on its port. Where it ' +
            'is a Service whose pods listen on another port than the Service, extraEgress opens that: to its namespace, on the port of the pods',
        ),
      apiServerNetworks: cidrs
        .default([])
        .describe(
          "Networks of the cluster's API server; empty means any address on its ports, since clouds change its addresses without notice",
        ),
      apiServerPorts: ports
        .default([])
        .describe(
          "Ports of the cluster's API server itself, beside 443 of its Service; empty means those that the cluster tells, or else that of " +
            'its platform; other has none, so that this is required there where the cluster cannot be asked',
        ),
      extraIngress: rawRules('from')
        .default([])
        .describe('More rules for who may come in, as Kubernetes writes them: from and ports'),
      extraEgress: rawRules('to')
        .default([])
        .describe(
          'More rules for where the router gets to, as Kubernetes writes them: to and ports',
        ),
    },
    { error: 'expected the settings of the NetworkPolicy' },
  )
  .prefault({});
