import { nodePortsIn, tcpServicePlace } from '../config/decisions/ports.ts';
import type { StackConfig } from '../config/stack_config.ts';
import type { TcpServicePlace } from './questions.ts';
import type { ServerSecret } from './server_secret.ts';

/** What is asked only where it matters. */
export interface StackQuestions {
  /** A namespace that exists, where the range of node ports is wanted. */
  readonly nodePortsIn?: string | undefined;
  /** Where the Service for TCP would be, where it has a load balancer. */
  readonly tcpService?: TcpServicePlace | undefined;
  /** The Secret of the ClearML server, where the signing key is read from it. */
  readonly serverSecret?: ServerSecret | undefined;
}

/** What a stack depends on in its cluster, beside what every stack does. */
export function questionsOf(config: StackConfig): StackQuestions {
  return {
    nodePortsIn: nodePortsIn(config),
    tcpService: tcpServicePlace(config),
    serverSecret: config.clearml.serverSecret,
  };
}
