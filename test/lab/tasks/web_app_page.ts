import type { IncomingHttpHeaders } from 'node:http';

/** Who opened the page, and where, as the router told the app. */
export interface Visit {
  /** The path that the app is shown under, without a slash at its end; empty where the app has a host of its own. */
  readonly prefix: string;
  readonly user: string;
  /** All that arrived. */
  readonly headers: IncomingHttpHeaders;
}

const STYLE = `
  :root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a414d); --quiet: light-dark(#556070, #a3adba);
    --card: light-dark(#fff, #1c2129); --ok: light-dark(#13693a, #6fd69b); --link: light-dark(#0b57d0, #8ab4f8); }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; overflow-wrap: anywhere;
    background: light-dark(#f4f6f9, #12151a); color: light-dark(#1b2129, #e6e9ee); }
  h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; } p { margin: .25rem 0; }
  section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin-top: 1rem; }
  .quiet { color: var(--quiet); } #echo { color: var(--ok); font-weight: 600; } a { color: var(--link); }
  ul { margin: 0; padding-left: 1.2rem; } li { margin: .25rem 0; }
  form { display: flex; gap: .5rem; margin-top: .75rem; } input { flex: 1; min-width: 0; }
  input, button { font: inherit; padding: .4rem .7rem; border: 1px solid var(--quiet); border-radius: .4rem; }
  table { border-collapse: collapse; width: 100%; font-size: .875rem; table-layout: fixed; }
  th, td { text-align: left; vertical-align: top; padding: .3rem .5rem .3rem 0; border-top: 1px solid var(--line);
    font-family: ui-monospace, monospace; } th { font-weight: 600; width: 38%; }`;

const SCRIPT = `
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  const url = new URL('echo', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url);
  let beat, sent = 0, count = 0;
  const ping = () => { sent = performance.now(); socket.send('hello'); };
  socket.onopen = () => { ping(); beat = setInterval(ping, 1000); };
  socket.onmessage = ({ data }) => {
    if (data !== 'hello') return show('answer', 'The task sent back: ' + data.slice(1));
    count += 1;
    show('echo', 'live, ' + count + (count === 1 ? ' message' : ' messages') + ' there and back');
    show('took', 'the last one in ' + (performance.now() - sent).toFixed(1) + ' ms');
  };
  socket.onclose = () => { clearInterval(beat); show('echo', 'closed: load the page again'); show('took', ''); };
  document.querySelector('form').onsubmit = (event) => {
    event.preventDefault();
    if (socket.readyState === WebSocket.OPEN) socket.send('>' + event.target.elements.text.value);
  };`;

/** The router's own pages, at the root of the host that the app is shown on; a host of the app's own has none. */
function links(prefix: string): string {
  const own = [['request', 'This table as JSON, for programs']];
  const routers = [
    ['/', 'All that you may open: ask for an endpoint, share one, make tokens'],
    ['/api/v1/routes', 'The same as JSON: what is served, and what is refused and why'],
    ['/api/v1/openapi.json', "The router's API, as an OpenAPI document"],
  ];
  return [...(prefix === '' ? [] : routers), ...own]
    .map(([href, text]) => `<li><a href="${href}">${text}</a></li>`)
    .join('\n    ');
}

/** The sample web app's page. */
export function sampleTaskPage({ prefix, user, headers }: Visit): string {
  const rows = Object.entries(headers).map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(String(value))}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<base href="${escapeHtml(prefix)}/">
<title>Sample task</title>
<style>${STYLE}
</style>
<main>
<h1>Sample task</h1>
<p>Hello <b id="user">${escapeHtml(user)}</b>, this page is served under <code>${escapeHtml(prefix)}/</code>.</p>
<p class="quiet">It comes from a task that knows nothing of sign-in: the router let you in, and told the task who you are.</p>
<section>
  <h2>A WebSocket to the task</h2>
  <p><span id="echo" role="status">connecting</span> <span id="took" class="quiet"></span></p>
  <form><input name="text" value="Hello, task" aria-label="Text for the task" maxlength="200"><button>Send</button></form>
  <p id="answer" aria-live="polite"></p>
</section>
<section>
  <h2>What the router can do</h2>
  <ul>
    ${links(prefix)}
  </ul>
</section>
<section>
  <h2>What reached the task</h2>
  <p class="quiet">The headers of your request. Your ClearML token is not among them: the router keeps it.</p>
  <table>
    ${rows.join('\n    ')}
  </table>
</section>
</main>
<script>${SCRIPT}
</script>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
