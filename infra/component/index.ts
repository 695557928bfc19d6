/** What the package exports: a router as a component of another Pulumi program. */
export type { HttpsHost, TaskRouterArgs } from './args.ts';
export { TaskRouter } from './task_router.ts';
