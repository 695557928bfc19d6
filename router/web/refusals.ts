import type { Denied } from '../auth/decision.ts';
import type { DenialAudit } from '../auth/denial_audit.ts';
import type { Identity } from '../auth/identity.ts';
import type { Answer } from '../proxy/answer.ts';
import { denialAnswer } from '../proxy/denial_answers.ts';
import type { OwnRequest } from './own_pages.ts';

/** Refuses requests for the router's own pages: each refusal is audited as those of the gate are. */
export interface OwnRefusals {
  /** For whom the viewer did not let in. */
  readonly denied: (denied: Denied, request: OwnRequest) => Answer;
  /** For a form or a call that another site's page sent with the user's cookie. */
  readonly foreign: (request: OwnRequest, identity?: Identity) => Answer;
}

const FOREIGN_ORIGIN: Answer = {
  status: 403,
  code: 'foreign-origin',
  title: 'Refused: sent by another site',
  detail: 'Another site made your browser send this.',
  advice: 'Open the page of the router itself.',
};

export function createOwnRefusals(audit: DenialAudit): OwnRefusals {
  const write = (denied: Denied, { message, path, clientAddress }: OwnRequest): void => {
    const { method = 'GET' } = message;
    audit(denied, { kind: 'request', method, clientAddress, target: { kind: 'own', path } });
  };
  return {
    denied: (denied, request) => {
      write(denied, request);
      return denialAnswer(denied);
    },
    foreign: (request, identity) => {
      const reason = 'foreign-origin';
      const who = identity === undefined ? {} : { identity };
      write({ outcome: 'denied', status: 403, reason, ...who }, request);
      return FOREIGN_ORIGIN;
    },
  };
}
