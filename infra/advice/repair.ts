/** What brings a stack's state and its cluster together again. */
export function repairOf(stack: string): string {
  return `npm run pulumi -- refresh --stack ${stack}, then npm run pulumi -- up --stack ${stack}; infra/operations/repair.md says more.`;
}
