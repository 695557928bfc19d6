import { installLine, loginLine } from '../parts/connect_lines.ts';
import { codeLine } from '../parts/copy_line.ts';
import { html, type Html } from '../parts/html.ts';

/** How a computer gets at endpoints by the command `task-router`: what is done once. */
export function commandSection(wheelUrl: string, routerUrl: string): Html {
  return html`<section aria-labelledby="command">
    <div class="bar"><h2 id="command">From your computer: ssh, VS Code, any client</h2></div>
    <dl class="panel ways facts">
      <div class="way">
        <dt>Install, once</dt>
        <dd>${codeLine(installLine(wheelUrl), 'line that installs the command')}</dd>
      </div>
      <div class="way">
        <dt>Sign in, once</dt>
        <dd>
          ${codeLine(loginLine(routerUrl), 'line that signs in')}
          <p class="small">
            Then <code>task-router ssh</code> and the name of a task, from anywhere, through the
            HTTPS port alone. <a href="/auth/endpoint-tokens">Your computers</a>.
          </p>
        </dd>
      </div>
    </dl>
  </section>`;
}
