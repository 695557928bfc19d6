/** ClearML's own page of a task, with its console; undefined where CLEARML_WEB_URL is not set. */
export function clearmlPage(webUrl: string | undefined, taskId: string): string | undefined {
  return webUrl === undefined ? undefined : `${webUrl}/projects/*/experiments/${taskId}/output/log`;
}
