import { z } from 'zod';

import type { JsonObject } from '../property_values.ts';

/**
 * What an object says about itself: usable, or not yet. There is no third answer: the official provider waits for a rollout that
 * has passed its progress deadline until its own time is over (`await/deployment.go`), and only then says why.
 */
export type Readiness =
  { readonly state: 'ready' } | { readonly state: 'waiting'; readonly reason: string };

const typeMeta = z.object({ apiVersion: z.string(), kind: z.string() });

export const READY: Readiness = { state: 'ready' };

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
});

const deployment = z.object({
  metadata: z.object({ generation: z.number().default(0) }),
  spec: z.object({ replicas: z.number().default(1) }),
  status: z
    .object({
      observedGeneration: z.number().default(-1),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      conditions: z.array(condition).default([]),
    })
    .prefault({}),
});

/** A rollout is done when the controller has seen this generation and only new, available pods are left. */
function deploymentReadiness(object: JsonObject): Readiness {
  const { metadata, spec, status } = deployment.parse(object);
  if (status.observedGeneration < metadata.generation) {
    return { state: 'waiting', reason: 'the controller has not seen the change yet' };
  }
  const stuck = status.conditions.find(
    ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
  );
  if (stuck !== undefined) {
    return { state: 'waiting', reason: `[${stuck.reason}] ${stuck.message}` };
  }
  const old = status.replicas - status.updatedReplicas;
  if (
    status.updatedReplicas < spec.replicas ||
    status.availableReplicas < spec.replicas ||
    old > 0
  ) {
    return {
      state: 'waiting',
      reason:
        `${status.updatedReplicas} of ${spec.replicas} pods are new, ` +
        `${status.availableReplicas} available, ${old} old`,
    };
  }
  return READY;
}

const withAddress = z.object({
  spec: z.object({ type: z.string().optional() }).prefault({}),
  status: z
    .object({
      loadBalancer: z.object({ ingress: z.array(z.unknown()).default([]) }).prefault({}),
    })
    .prefault({}),
});

function addressReadiness(object: JsonObject, who: string): Readiness {
  const { status } = withAddress.parse(object);
  if (status.loadBalancer.ingress.length > 0) return READY;
  return { state: 'waiting', reason: `${who} has given it an address (.status.loadBalancer)` };
}

const namespace = z.object({
  status: z.object({ phase: z.string().optional() }).prefault({}),
});

/** Judges a live object. Kinds without rules of their own are ready as soon as they exist. */
export function readiness(object: JsonObject): Readiness {
  const { apiVersion, kind } = typeMeta.parse(object);
  switch (`${apiVersion}/${kind}`) {
    case 'apps/v1/Deployment':
      return deploymentReadiness(object);
    case 'v1/Service':
      return withAddress.parse(object).spec.type === 'LoadBalancer'
        ? addressReadiness(object, 'no load balancer')
        : READY;
    case 'networking.k8s.io/v1/Ingress':
      return addressReadiness(object, 'no ingress controller');
    case 'v1/Namespace':
      return namespace.parse(object).status.phase === 'Active'
        ? READY
        : { state: 'waiting', reason: 'it is not active yet' };
    default:
      return READY;
  }
}

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z
        .object({
          conditions: z.array(condition).default([]),
          containerStatuses: z
            .array(
              z.object({
                name: z.string(),
                ready: z.boolean().default(false),
                state: z
                  .object({
                    waiting: z
                      .object({ reason: z.string().default(''), message: z.string().default('') })
                      .optional(),
                  })
                  .prefault({}),
                lastState: z
                  .object({
                    terminated: z
                      .object({ exitCode: z.number(), reason: z.string().default('') })
                      .optional(),
                  })
                  .prefault({}),
              }),
            )
            .default([]),
        })
        .prefault({}),
    }),
  ),
});

/** What is wrong with the pods of a rollout, a line each; `pods` is the API server's list. */
export function podTroubles(pods: JsonObject): readonly string[] {
  return podList.parse(pods).items.flatMap(({ metadata, status }) => {
    const unscheduled = status.conditions
      .filter(({ type, status }) => type === 'PodScheduled' && status === 'False')
      .map(({ message }) => `pod ${metadata.name}: not scheduled: ${message}`);
    const containers = status.containerStatuses
      .filter(({ ready }) => !ready)
      .map(({ name, state, lastState }) => {
        const ended = lastState.terminated;
        const why = [
          state.waiting === undefined
            ? 'not ready'
            : `${state.waiting.reason} ${state.waiting.message}`.trim(),
          ended === undefined ? '' : `last exit ${ended.exitCode} ${ended.reason}`.trim(),
        ];
        return `pod ${metadata.name}, container ${name}: ${why.filter(Boolean).join('; ')}`;
      });
    return [...unscheduled, ...containers];
  });
}
