import { compareVersions, type Endpoint, type Service } from '../call.ts';
import type { ResolvedOptions } from '../options.ts';
import { auth } from './auth.ts';
import { projects } from './projects.ts';
import { queues } from './queues.ts';
import { reports } from './reports.ts';
import { routers } from './routers.ts';
import { server } from './server.ts';
import { serving } from './serving.ts';
import { taskArchive } from './task_archive.ts';
import { taskEdits } from './task_edits.ts';
import { taskListing } from './task_listing.ts';
import { taskStatus } from './task_status.ts';
import { users } from './users.ts';

const ALL: Service = {
  ...auth,
  ...users,
  ...projects,
  ...queues,
  ...taskListing,
  ...taskEdits,
  ...taskStatus,
  ...taskArchive,
  ...reports,
  ...routers,
  ...serving,
  ...server,
};

/** The calls that a server of this edition and version has. */
export function callsOf(options: ResolvedOptions): ReadonlyMap<string, Endpoint> {
  return new Map(
    Object.entries(ALL).filter(
      ([, endpoint]) =>
        (endpoint.enterprise !== true || options.edition === 'enterprise') &&
        (endpoint.since === undefined || compareVersions(endpoint.since, options.apiVersion) <= 0),
    ),
  );
}
