import type { Identity } from '../identity/identity.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';

/** ClearML's roles that manage a company, and those that manage the server. */
const COMPANY_ROLES: ReadonlySet<string> = new Set(['admin', 'superuser']);
const SERVER_ROLES: ReadonlySet<string> = new Set(['root', 'system']);

/** Whether somebody is shown what concerns the router itself. Without authentication everybody may see everything. */
export function administers(identity: Identity | undefined): boolean {
  if (identity === undefined) return true;
  return COMPANY_ROLES.has(identity.role) || SERVER_ROLES.has(identity.role);
}

/** Whether somebody's role reaches over what belongs to a company: an administrator's own, or all. */
export function administersCompany(identity: Identity | undefined, companyId: string): boolean {
  if (identity === undefined || SERVER_ROLES.has(identity.role)) return true;
  return COMPANY_ROLES.has(identity.role) && companyId === identity.companyId;
}

/** Whether somebody sees an endpoint by their role, whatever ClearML says of the single task. */
export function seesByRole(identity: Identity | undefined, endpoint: Endpoint): boolean {
  return administersCompany(identity, endpoint.task.companyId);
}
