import { RouterError } from '../../../router/errors.ts';
import type { KubernetesAnswer, KubernetesCall } from '../../../router/kubernetes/api.ts';
import { createConfigMapState } from '../../../router/state/config_map.ts';
import { createSharedState, type SharedState } from '../../../router/state/shared_state.ts';
import { createLog } from '../../../router/telemetry/log.ts';

/** One ConfigMap as the Kubernetes API keeps it: each write makes a new version, and one that names an older is refused. */
export class ConfigMapApi {
  readonly calls: KubernetesCall[] = [];
  version = 1;
  data: Record<string, string> | undefined;
  exists = true;
  /** Answers nothing at all. */
  away = false;
  /** Nothing is answered before it resolves. */
  waits: Promise<void> | undefined;
  readonly close = (): void => undefined;
  /** Somebody else writes between a read and the write that follows, so many times. */
  rivals = 0;

  readonly call = async (call: KubernetesCall): Promise<KubernetesAnswer> => {
    this.calls.push(call);
    await this.waits;
    if (this.away) throw new RouterError('KUBERNETES_UNAVAILABLE', 'away');
    if (!this.exists) return { status: 404, object: undefined };
    if (call.method === 'PATCH') {
      if (this.rivals > 0) {
        this.rivals -= 1;
        this.version += 1;
      }
      const body = call.body as {
        metadata: { resourceVersion: string };
        data: Record<string, string>;
      };
      if (body.metadata.resourceVersion !== String(this.version)) {
        return { status: 409, object: undefined };
      }
      this.version += 1;
      this.data = { ...this.data, ...body.data };
    }
    const metadata = { name: 'r-endpoint-tokens', resourceVersion: String(this.version) };
    return { status: 200, object: { metadata, data: this.data } };
  };
}

/** The state of one replica. */
export function replicaOf(api: ConfigMapApi, lines: string[] = []): SharedState {
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  return createSharedState(createConfigMapState(api, 'ns', 'r-endpoint-tokens'), log);
}
