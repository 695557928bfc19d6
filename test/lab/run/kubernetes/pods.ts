import { CoreV1Api, type KubeConfig, type V1Pod } from '@kubernetes/client-node';

import { waitFor } from './wait.ts';
import { TASK_NAMESPACE } from '../stack_config.ts';

/** Image of the sample tasks: the one that the router's own pods run. */
export const NODE_IMAGE = 'node:24-alpine';

const CODE_FOLDER = '/opt/task';
const CODE_FILE = 'task.cjs';

/** A program of one file, to run as a pod. */
export interface PodProgram {
  readonly name: string;
  /** CommonJS */
  readonly code: string;
  readonly environment: Readonly<Record<string, string>>;
  /** That of tasks unless given. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

function pod({ name, environment, labels }: PodProgram): V1Pod {
  return {
    metadata: { name, labels: { app: name, ...labels } },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'task',
          image: NODE_IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['node', `${CODE_FOLDER}/${CODE_FILE}`],
          env: Object.entries(environment).map(([name, value]) => ({ name, value })),
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'code', mountPath: CODE_FOLDER, readOnly: true }],
        },
      ],
      volumes: [{ name: 'code', configMap: { name } }],
    },
  };
}

function describe(pod: V1Pod): string {
  const [container] = pod.status?.containerStatuses ?? [];
  const waiting = container?.state?.waiting;
  const ended = container?.state?.terminated ?? container?.lastState?.terminated;
  return [
    `pod ${pod.metadata?.name ?? ''} is ${pod.status?.phase ?? 'unknown'}`,
    waiting === undefined ? '' : `${waiting.reason ?? ''} ${waiting.message ?? ''}`.trim(),
    ended === undefined ? '' : `its process ended with status ${ended.exitCode}`,
  ]
    .filter(Boolean)
    .join(': ');
}

/** Starts a program as a pod, and gives its address once it runs. */
export async function runPod(config: KubeConfig, program: PodProgram): Promise<string> {
  const api = config.makeApiClient(CoreV1Api);
  const { name, namespace = TASK_NAMESPACE } = program;
  await api.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name }, data: { [CODE_FILE]: program.code } },
  });
  await api.createNamespacedPod({ namespace, body: pod(program) });
  const read = (): Promise<V1Pod> => api.readNamespacedPod({ namespace, name });
  return waitFor(
    120,
    async () => {
      const { status } = await read();
      const [container] = status?.containerStatuses ?? [];
      return container?.ready === true ? status?.podIP : undefined;
    },
    async () => describe(await read()),
  );
}
