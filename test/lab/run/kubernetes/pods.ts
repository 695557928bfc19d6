import { CoreV1Api, type KubeConfig, type V1Pod } from '@kubernetes/client-node';

import type { PythonOfNode } from './python_of_node.ts';
import { waitFor } from './wait.ts';
import { TASK_NAMESPACE } from '../stack_config.ts';

/** Image of the sample tasks: the one that the router's own pods run. */
export const NODE_IMAGE = 'node:24-alpine';

const CODE_FOLDER = '/opt/task';

/** What pods run as where the node has nothing that they need to read: the image's own user. */
const USER = 1000;

/** A program of one file, to run as a pod. */
export interface PodProgram {
  readonly name: string;
  /** CommonJS, or Python where `python` is given. */
  readonly code: string;
  readonly environment: Readonly<Record<string, string>>;
  /** That of tasks unless given. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Account of the namespace that it is to the API server; left out, it has none. */
  readonly serviceAccount?: string;
  /** Runs the code in the place of Node. The pod then runs as the user of this process, who alone may read the environment. */
  readonly python?: PythonOfNode;
}

function fileOf({ python }: PodProgram): string {
  return python === undefined ? 'task.cjs' : 'task.py';
}

function pod(program: PodProgram): V1Pod {
  const { name, environment, labels, python, serviceAccount } = program;
  const folders = (python?.folders ?? []).map((path, index) => ({ name: `node-${index}`, path }));
  const user = python === undefined ? USER : (process.getuid?.() ?? USER);
  return {
    metadata: { name, labels: { app: name, ...labels } },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: serviceAccount !== undefined,
      ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
      securityContext: {
        runAsNonRoot: user !== 0,
        runAsUser: user,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'task',
          image: NODE_IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: [python?.executable ?? 'node', `${CODE_FOLDER}/${fileOf(program)}`],
          env: Object.entries(environment).map(([name, value]) => ({ name, value })),
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'code', mountPath: CODE_FOLDER, readOnly: true },
            ...folders.map(({ name, path }) => ({ name, mountPath: path, readOnly: true })),
          ],
        },
      ],
      volumes: [
        { name: 'code', configMap: { name } },
        ...folders.map(({ name, path }) => ({ name, hostPath: { path } })),
      ],
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
    body: { metadata: { name }, data: { [fileOf(program)]: program.code } },
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
