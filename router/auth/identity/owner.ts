import type { Task } from '../../routes/model/endpoint.ts';
import type { Identity } from './identity.ts';

/** Of a task, what says whose it is. */
type Owned = Pick<Task, 'userId' | 'companyId'>;

/** Whether a user is the one who started a task. */
export function owns(
  { userId, companyId }: Pick<Identity, 'userId' | 'companyId'>,
  task: Owned,
): boolean {
  return isStartedBy(userId, companyId, task);
}

/** Whether a grant, or what was made of it, is of the one who started a task. */
export function isOwners(
  { ownerId, companyId }: { readonly ownerId: string; readonly companyId: string },
  task: Owned,
): boolean {
  return isStartedBy(ownerId, companyId, task);
}

/** Whose part of a room, which all share, a task takes: its owner's, or its own where nobody knows whose it is. */
export function sharerOf({ userId, id }: Pick<Task, 'userId' | 'id'>): string {
  return userId === '' ? id : userId;
}

/** A task that was made public belongs to no company any more. */
function isStartedBy(userId: string, companyId: string, task: Owned): boolean {
  return task.userId === userId && (task.companyId === companyId || task.companyId === '');
}
