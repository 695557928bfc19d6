import { nearestKey } from './nearest_key.ts';
import { OBJECT_KINDS } from '../sections/objects/transforms.ts';
import type { Problem } from '../values/problem.ts';
import type { StackConfig } from '../stack_config.ts';

/** A transform of objects that there never are changes nothing, and nobody is told. */
export function transformProblems({ extraObjects, transforms }: StackConfig): Problem[] {
  const known = [...OBJECT_KINDS, ...extraObjects.map(({ kind }) => kind)];
  return transforms.flatMap(({ kind }, index) => {
    if (known.includes(kind)) return [];
    const nearest = nearestKey(kind, known);
    const hint =
      nearest === undefined ? `there are ${known.join(', ')}` : `did you mean ${nearest}?`;
    const message = `no object is a ${kind}; ${hint}`;
    return [{ path: ['transforms', String(index), 'kind'], message }];
  });
}

/** Two manifests of one object would each undo what the other says. */
export function extraObjectProblems({ extraObjects }: StackConfig): Problem[] {
  const identities = extraObjects.map(({ apiVersion, kind, metadata: { name, namespace } }) => {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
    return [group, kind, namespace, name].join(' ');
  });
  return identities.flatMap((identity, index) => {
    const first = identities.indexOf(identity);
    if (first === index) return [];
    const path = ['extraObjects', String(index), 'metadata', 'name'];
    return [{ path, message: `is already that of extraObjects.${first}` }];
  });
}

/**
 * An autoscaler measures use by what the pod requests, and does nothing where it requests nothing; a limit alone is the request, too.
 * https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ (Algorithm details)
 */
export function autoscalerProblems({ availability, pod }: StackConfig): Problem[] {
  if (availability.autoscaling === undefined) return [];
  const { targetMemoryUtilizationPercentage: memory } = availability.autoscaling;
  const { limits, requests } = pod.resources;
  return ['cpu', ...(memory === undefined ? [] : ['memory'])]
    .filter((resource) => requests?.[resource] === undefined && limits?.[resource] === undefined)
    .map((resource) => {
      const message = `missing; availability.autoscaling measures the use of ${resource} by it (a limit of ${resource} does as well)`;
      return { path: ['pod', 'resources', 'requests', resource], message };
    });
}
