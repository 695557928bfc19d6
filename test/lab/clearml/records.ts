import type { Document } from './document.ts';

/** Roles of the server; `system` alone gets tokens without `exp`. */
export type Role = 'system' | 'root' | 'admin' | 'superuser' | 'user' | 'annotator' | 'guest';

export type TaskStatus =
  | 'created'
  | 'queued'
  | 'in_progress'
  | 'stopped'
  | 'publishing'
  | 'published'
  | 'closed'
  | 'failed'
  | 'completed'
  | 'unknown';

export interface CompanyRecord extends Document {
  readonly id: string;
  readonly name: string;
}

/** What `users.*` answers of a user; credentials and password are kept apart. */
export interface UserRecord extends Document {
  readonly id: string;
  readonly name: string;
  readonly company: string;
}

/** An access key of a user. */
export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly label?: string;
}

export interface QueueRecord extends Document {
  readonly id: string;
  readonly name: string;
  readonly company: string;
  readonly entries: readonly Document[];
}

export interface ProjectRecord extends Document {
  readonly id: string;
  readonly name: string;
  readonly company: string;
}

/** Runtime properties as tasks write them: the server keeps whatever JSON it is given. */
export type Runtime = Document;

/** A task; times are the server's ISO text, which sorts as the times do. A company of '' makes it public. */
export interface TaskRecord extends Document {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly status: TaskStatus;
  readonly company: string;
  readonly user: string;
  readonly created: string;
  readonly last_update: string;
  readonly last_change: string;
  readonly system_tags: readonly string[];
  readonly tags: readonly string[];
  readonly runtime: Runtime;
}

/** A static route as `routers.get_routes` of an enterprise server lists it. */
export interface StaticRouteRecord extends Document {
  readonly name: string;
  readonly type: 'path' | 'subdomain';
  readonly enabled: boolean;
  readonly status: string;
}
