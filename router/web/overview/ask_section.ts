import { installLine } from '../parts/connect_lines.ts';
import { codeLine } from '../parts/copy_line.ts';
import { html, type Html } from '../parts/html.ts';

/** How a task's code gets an endpoint, on every server. */
export function askSection(wheelUrl: string): Html {
  return html`<section aria-labelledby="ask">
    <div class="bar"><h2 id="ask">Ask in a task’s code</h2></div>
    <dl class="panel ways facts">
      <div class="way">
        <dt>Once, in the task</dt>
        <dd>${codeLine(installLine(wheelUrl), 'the line that installs task_router')}</dd>
      </div>
      <div class="way">
        <dt>In its code</dt>
        <dd>
          ${codeLine('import task_router; print(task_router.expose(8888).url)', 'the line that asks')}
          <p class="meta">
            8888 is the port where the task listens. With any ClearML server; on enterprise servers
            <code>task.request_external_endpoint(port=8888)</code> does the same.
          </p>
        </dd>
      </div>
    </dl>
  </section>`;
}
