import { output, type ResourceTransform, runtime } from '@pulumi/pulumi';
import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js';
import { getMonitor } from '@pulumi/pulumi/runtime/settings.js';

import type { ClusterFacts } from '../../infra/cluster/facts.ts';
import type { StackQuestions } from '../../infra/cluster/stack_questions.ts';
import type { Outputs } from '../../infra/advice/outputs.ts';
import { transformed } from '../../infra/transforms.ts';

/** What marks a secret on the wire between a Pulumi program and its engine. */
export const SECRET_MARKER = '4dabf18193072939515e22adb298388d';

/** A resource as the engine would have got it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly provider: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** One run of the program under mocks. */
export interface StackRun {
  readonly resources: readonly Registered[];
  readonly outputs: Outputs;
  /** The outputs as `pulumi stack output` shows them. */
  readonly shownOutputs: unknown;
}

const STASH = 'pulumi:index:Stash';

const PROJECT = 'task-traffic-router';

/** Facts of a cluster that answers. */
export const someCluster: ClusterFacts = {
  version: { major: 1, minor: 33 },
  podNetworks: ['10.244.0.0/24', '10.244.1.0/24'],
  gitVersion: 'v1.33.4',
  nodes: [],
  apiGroups: [],
  ingressClasses: [],
  apiServerPorts: [443, 6443],
  tcpService: 'none',
  trouble: undefined,
};

/** What a test may set. */
export interface RunOptions {
  readonly facts?: ClusterFacts;
  readonly code?: string;
  /** Top-level keys that the engine calls encrypted; all unless given. */
  readonly encrypted?: readonly string[];
  /** Status that Services get; a load balancer's address unless given. */
  readonly serviceStatus?: unknown;
  /** Uid of the cluster in the stack's first run; that of this run unless given. */
  readonly firstUid?: string;
  /** Finds the Deployment that the cluster has after the run; it is not looked for unless given. */
  readonly askDeployment?: (namespace: string, name: string) => Promise<unknown>;
  /** Organisation of the stack; none unless given. */
  readonly organization?: string;
  /** Gets what the cluster is asked for. */
  readonly onAsk?: (questions: StackQuestions | undefined) => void;
  /** Gets each registration as the engine would. */
  readonly onRegister?: (request: RegisterResourceRequest) => void;
  /** Status that an Ingress gets; none unless given. */
  readonly ingressStatus?: unknown;
}

/** Runs the program with a stack's config, as the CLI would, against an engine that only takes notes. */
export async function runStack(
  config: Readonly<Record<string, unknown>>,
  options: RunOptions = {},
): Promise<StackRun> {
  const resources: Registered[] = [];
  // The mock engine runs no transforms: those of the component reach its children here, as they do in the engine.
  const transforms: ResourceTransform[] = [];
  await runtime.setMocks(
    {
      newResource: async ({ type, name, id, provider, inputs: given, transforms: own = [] }) => {
        transforms.push(...own);
        const inputs = await transformed(transforms, { type, name, props: given });
        // An object with an id is read, not made.
        if (type !== 'pulumi:pulumi:Stack' && (id ?? '') === '') {
          resources.push({ type, name, provider, inputs });
        }
        return { id: `${name}-id`, state: asTheClusterWould(type, name, inputs, options) };
      },
      call: () => ({}),
    },
    PROJECT,
    'test',
    false,
    options.organization ?? 'organization',
  );
  const { askDeployment } = options;
  if (options.onRegister !== undefined) tap(options.onRegister);
  const keys = Object.keys(config);
  const encrypted = options.encrypted ?? keys;
  runtime.setAllConfig(
    Object.fromEntries(keys.map((key) => [`${PROJECT}:${key}`, JSON.stringify(config[key])])),
    encrypted.map((key) => `${PROJECT}:${key}`),
  );
  const { program } = await import('../../infra/program.ts');
  const outputs = await program({
    bundle: () => Promise.resolve(options.code ?? '// the router'),
    askCluster: (_, questions) => {
      options.onAsk?.(questions);
      return Promise.resolve(options.facts ?? someCluster);
    },
    ...(askDeployment && { askDeployment: (_, ...place) => askDeployment(...place) }),
  });
  const shownOutputs = await known(outputs);
  await runtime.disconnect();
  return { resources, outputs, shownOutputs };
}

/** The mocks are not told what a property was made of; the request to the engine says it. */
function tap(onRegister: (request: RegisterResourceRequest) => void): void {
  const monitor = getMonitor() as unknown as {
    registerResource: (request: RegisterResourceRequest, ...rest: unknown[]) => unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    onRegister(request);
    return register(request, ...rest);
  };
}

function known(value: Outputs): Promise<unknown> {
  return new Promise((resolve) => {
    output(value).apply(resolve);
  });
}

function asTheClusterWould(
  type: string,
  name: string,
  inputs: Record<string, unknown>,
  options: RunOptions,
): Record<string, unknown> {
  if (type === STASH) return { ...inputs, output: options.firstUid ?? inputs['input'] };
  const metadata = (inputs['metadata'] ?? {}) as Record<string, unknown>;
  if (name.endsWith('-clearml-server')) {
    const key = Buffer.from('SECRET-server-key').toString('base64');
    return { data: { secure_auth_token_secret: key, secret: key } };
  }
  const named = { ...inputs, metadata: { name: `${name}-generated`, ...metadata } };
  if (type.endsWith(':Ingress')) return { ...named, status: options.ingressStatus };
  if (type !== 'kubernetes:core/v1:Service') return named;
  const status = options.serviceStatus ?? { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } };
  return { ...named, status };
}

/** What the run says is to be done next. */
export function stepsOf({ shownOutputs }: StackRun): readonly string[] {
  return (shownOutputs as { readonly nextSteps: readonly string[] }).nextSteps;
}

/** Registered resources of a kind, e.g. `apps/v1:Deployment`. */
export function ofKind(run: StackRun, kind: string): readonly Registered[] {
  return run.resources.filter(({ type }) => type === `kubernetes:${kind}`);
}
