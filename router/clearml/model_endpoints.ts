import * as z from 'zod';
import type { Call } from './own_task.ts';

/** The largest number that the server's statistics take: fields of Elasticsearch's type `integer`. */
export const LARGEST_NUMBER = 2 ** 31 - 1;

/** Longer URLs than these are nobody's that the router could know. */
const LONGEST_URL = 2_048;
/** Containers of one URL that are read; ClearML's own page shows them one by one. */
const MOST_CONTAINERS = 1_000;

/** Something that serves at a URL, as ClearML's page of model endpoints lists it. The server calls it a container. */
export interface Container {
  /** Which one it is, for as long as it is there. */
  readonly id: string;
  readonly endpointName: string;
  readonly modelName: string;
  readonly url: string;
  /** The task that it is; the page links to it. */
  readonly taskId: string;
}

/** What a container did. Whole numbers from 0 to LARGEST_NUMBER, but for the rate. */
export interface ContainerStatus {
  /** Seconds. */
  readonly uptime: number;
  /** Since it is there. */
  readonly requests: number;
  /** Requests a minute, lately. */
  readonly rate: number;
  /** Of requests lately, on average. Milliseconds. */
  readonly latency: number;
}

/** A URL at which containers report, by whomever. */
interface ReportedUrl {
  readonly url: string;
  readonly containers: number;
}

/** One container that reports, by whomever. */
export interface ReportedContainer {
  readonly id: string;
  readonly requests: number;
  /** The tasks that it says it is. */
  readonly taskIds: readonly string[];
}

/**
 * The page of model endpoints, which whoever has an account may read and write, all entries alike. API 2.31 and later: on older servers
 * every call throws CLEARML_CALL_UNKNOWN. Throws as the methods of ClearMl do.
 */
export interface ModelEndpoints {
  /** Every URL of the company at which something reports. */
  readonly reportedUrls: () => Promise<readonly ReportedUrl[]>;
  /** What reports at one of them. CLEARML_REFUSED where all have left it meanwhile. */
  readonly containersAt: (url: string) => Promise<readonly ReportedContainer[]>;
  /** Its numbers on the page are empty until its first report. @param timeout seconds without a report after which the server forgets it. */
  readonly register: (container: Container, timeout: number) => Promise<void>;
  /** The server registers again for itself what it has forgotten, with a timeout of its own. */
  readonly report: (container: Container, status: ContainerStatus) => Promise<void>;
  readonly unregister: (containerId: string) => Promise<void>;
}

const anything = z.unknown();

/** What cannot be read says nothing of the others. */
function listOf<S extends z.ZodType>(entry: S, most = Infinity) {
  return z.array(z.unknown()).transform((entries) =>
    entries
      .slice(0, most)
      .map((one) => entry.safeParse(one))
      .filter((one) => one.success)
      .map(({ data }) => data),
  );
}

const reportedUrl = z.object({
  url: z.string().max(LONGEST_URL),
  instances: z.int().nonnegative(),
});
const urls = z.object({ endpoints: listOf(reportedUrl) });

const reference = z.object({ type: z.literal('task'), value: z.string().max(64) });
const container = z.object({
  id: z.string().max(LONGEST_URL),
  requests: z.int().nonnegative().max(LARGEST_NUMBER).nullish().catch(undefined),
  reference: listOf(reference, MOST_CONTAINERS).catch([]),
});
const details = z.object({ instances: listOf(container, MOST_CONTAINERS) });

/** What every report repeats. */
function described({ id, endpointName, modelName, url, taskId }: Container): object {
  return {
    container_id: id,
    endpoint_name: endpointName,
    endpoint_url: url,
    model_name: modelName,
    reference: [{ type: 'task', value: taskId }],
  };
}

export function createModelEndpoints(call: Call): ModelEndpoints {
  return {
    reportedUrls: async () => {
      const { endpoints } = await call('serving.get_endpoints', {}, urls);
      return endpoints.map(({ url, instances }) => ({ url, containers: instances }));
    },
    containersAt: async (url) => {
      const { instances } = await call(
        'serving.get_endpoint_details',
        { endpoint_url: url },
        details,
      );
      return instances.map(({ id, requests, reference: references }) => ({
        id,
        requests: requests ?? 0,
        taskIds: references.map(({ value }) => value),
      }));
    },
    register: async (one, timeout) => {
      await call('serving.register_container', { ...described(one), timeout }, anything);
    },
    report: async (one, { uptime, requests, rate, latency }) => {
      const body = {
        ...described(one),
        uptime_sec: uptime,
        requests_num: requests,
        requests_min: rate,
        latency_ms: latency,
      };
      await call('serving.container_status_report', body, anything);
    },
    unregister: async (containerId) => {
      await call('serving.unregister_container', { container_id: containerId }, anything);
    },
  };
}
