import { z } from 'zod';
import { LabError } from '../errors.ts';
import { startPython, type ClearMlAccess } from './python_process.ts';

/** An endpoint as the SDK gives it to a task's code. */
export interface SdkEndpoint {
  readonly endpoint: string | null;
  readonly browser_endpoint: string | null;
  /** Whatever stands in the task's runtime: a number, or text. */
  readonly port: number | string;
  readonly protocol: string;
  readonly name: string | null;
}

/** Arguments of `Task.request_external_endpoint`, under its own names. */
export interface SdkRequest {
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  readonly wait?: boolean;
  readonly wait_interval_seconds?: number;
  readonly wait_timeout_seconds?: number;
  readonly static_route?: string;
  readonly endpoint_name?: string;
}

/** A running task whose every step goes through the real SDK. */
export interface SdkTask {
  readonly taskId: string;
  request(request: SdkRequest): Promise<SdkEndpoint | null>;
  wait(request: Omit<SdkRequest, 'port' | 'wait' | 'static_route'>): Promise<SdkEndpoint | null>;
  list(): Promise<readonly SdkEndpoint[]>;
  runtime(): Promise<Readonly<Record<string, unknown>>>;
  write(properties: Readonly<Record<string, string | number>>): Promise<void>;
  /** Completes the task and ends its process. */
  stop(): Promise<void>;
}

export interface SdkTaskOptions extends ClearMlAccess {
  /** Python with the SDK, from `prepareSdk`. */
  readonly python: string;
  readonly name: string;
  /** The address that the task asks with. */
  readonly address: string;
  readonly project?: string;
  /** Added to the environment of the task's process. */
  readonly environment?: Readonly<Record<string, string>>;
}

const startedSchema = z.object({ id: z.string() });
const answerSchema = z.union([z.object({ error: z.string() }), z.object({ result: z.unknown() })]);
const endpointSchema = z.object({
  endpoint: z.string().nullable(),
  browser_endpoint: z.string().nullable(),
  port: z.union([z.number(), z.string()]),
  protocol: z.string(),
  name: z.string().nullable(),
});

/** Starts a task with the real SDK. Errors of the SDK come back as LabError `COMMAND_FAILED` with its own words. */
export async function startSdkTask(options: SdkTaskOptions): Promise<SdkTask> {
  const process = await startPython(options.python, 'task.py', options, {
    LAB_PROJECT: options.project ?? 'Lab',
    LAB_TASK_NAME: options.name,
    CLEARML_AGENT_HOST_IP: options.address,
    ...options.environment,
  });
  async function perform(command: Readonly<Record<string, unknown>>): Promise<unknown> {
    const answer = answerSchema.parse(JSON.parse(await process.exchange(JSON.stringify(command))));
    if ('error' in answer) throw new LabError('COMMAND_FAILED', answer.error);
    return answer.result;
  }
  try {
    const { id } = startedSchema.parse(JSON.parse(await process.exchange()));
    return {
      taskId: id,
      request: async (request) =>
        endpointSchema.nullable().parse(await perform({ do: 'request', ...request })),
      wait: async (request) =>
        endpointSchema.nullable().parse(await perform({ do: 'wait', ...request })),
      list: async () => z.array(endpointSchema).parse(await perform({ do: 'list' })),
      runtime: async () =>
        z.record(z.string(), z.unknown()).parse(await perform({ do: 'runtime' })),
      async write(properties) {
        await perform({ do: 'write', properties });
      },
      stop: () => process.stop(),
    };
  } catch (error) {
    await process.stop();
    throw error;
  }
}
