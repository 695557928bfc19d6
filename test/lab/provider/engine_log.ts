import { credentials } from '@grpc/grpc-js';
import engineServices from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import engineMessages from '@pulumi/pulumi/proto/engine_pb.js';

/** Lines that the engine shows to whoever runs `pulumi up`. */
export interface EngineLog {
  /** A line that stays. */
  readonly warning: (message: string) => void;
  /** What happens to a resource right now; the next line takes its place. */
  readonly progress: (urn: string, message: string) => void;
}

/** Connects to the engine, whose address it hands to each plugin that it starts. */
export function engineLog(address: string): EngineLog {
  const client = new engineServices.EngineClient(address, credentials.createInsecure());
  const send = (line: engineMessages.LogRequest): void => {
    // A lost line is no reason to fail: the engine may be on its way out.
    client.log(line, () => {});
  };
  return {
    warning(message) {
      const line = new engineMessages.LogRequest();
      line.setSeverity(engineMessages.LogSeverity.WARNING);
      line.setMessage(message);
      send(line);
    },
    progress(urn, message) {
      const line = new engineMessages.LogRequest();
      line.setSeverity(engineMessages.LogSeverity.INFO);
      line.setMessage(message);
      line.setUrn(urn);
      line.setEphemeral(true);
      send(line);
    },
  };
}
