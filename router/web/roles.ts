import type { Identity } from '../auth/identity.ts';
import type { Endpoint } from '../routes/endpoint.ts';

/** ClearML's roles that manage a company, and those that manage the server. */
const COMPANY_ROLES: ReadonlySet<string> = new Set(['admin', 'superuser']);
const SERVER_ROLES: ReadonlySet<string> = new Set(['root', 'system']);

/** Whether somebody is shown what concerns the router itself. Without authentication everybody may see everything. */
export function administers(identity: Identity | undefined): boolean {
  if (identity === undefined) return true;
  return COMPANY_ROLES.has(identity.role) || SERVER_ROLES.has(identity.role);
}

/** The endpoints that somebody sees by his role, whatever ClearML says of the single task: his company's, or all. */
export function seesByRole(identity: Identity | undefined, endpoint: Endpoint): boolean {
  if (identity === undefined || SERVER_ROLES.has(identity.role)) return true;
  return COMPANY_ROLES.has(identity.role) && endpoint.task.companyId === identity.companyId;
}
