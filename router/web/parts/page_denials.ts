import type { Denied } from '../../auth/gate/decision.ts';
import type { DenialAudit } from '../../auth/gate/denial_audit.ts';
import type { Identity } from '../../auth/identity/identity.ts';
import type { Answer } from '../../pages/answer.ts';
import { denialAnswer } from '../../pages/denial_answers.ts';
import type { OwnRequest } from '../../pages/own_pages.ts';

/** Refuses requests for the router's own pages: each refusal is audited as those of the gate are. */
export interface PageDenials {
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

export function createPageDenials(audit: DenialAudit): PageDenials {
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
