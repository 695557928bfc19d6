import { TASK_ID_LENGTH } from '../../grammar/endpoint_id.ts';
import type { Answer } from '../../pages/answer.ts';
import type { Listing } from '../overview/listing.ts';
import { hiddenField, keyFields } from '../parts/fields.ts';
import { framed, TO_OVERVIEW } from '../parts/frame.ts';
import { html, type Html } from '../parts/html.ts';
import { instant, inWords } from '../parts/times.ts';
import type { OwnTask } from './asking.ts';
import type { Asked } from './wish.ts';

/** What was typed; texts, as a form sends them. */
export interface TypedAsk {
  readonly task: string;
  readonly other: string;
  readonly port: string;
  readonly protocol: string;
  readonly name: string;
  readonly keepPrefix: boolean;
  readonly https: boolean;
}

export interface AskView {
  readonly user: Listing['user'];
  /** Why nobody can ask here. */
  readonly off: Answer | undefined;
  readonly tasks: readonly OwnTask[];
  /** There are more than these. */
  readonly more: boolean;
  /** Tasks of others may be asked for, too. */
  readonly administers: boolean;
  readonly tcp: boolean;
  readonly asksKeys: boolean;
  readonly problem: Answer | undefined;
  readonly typed: TypedAsk;
  readonly now: number;
}

const TITLE = 'Ask for an endpoint';

/** The form by which a running task gets an endpoint without a line of code. Works without scripts. */
export function askPage(view: AskView): Html {
  const { user, off, problem } = view;
  const content = html`${problem === undefined ? undefined : problemNotice(problem)}
    <section>
      <p>
        A running task gets a URL, or a TCP port, without a line in its code: the router asks in its
        place, at the address of the task’s own pod. The task must listen there, on all addresses
        and not on 127.0.0.1 alone.
      </p>
    </section>
    ${off === undefined ? askForm(view) : problemPanel(off)}`;
  return framed({ title: TITLE, user, back: TO_OVERVIEW }, content);
}

function problemNotice({ title, detail, advice }: Answer): Html {
  return html`<p class="notice bad" role="alert">${title}. ${detail} ${advice}</p>`;
}

function problemPanel({ title, detail, advice }: Answer): Html {
  return html`<div class="panel">
    <p>${title}. ${detail}</p>
    <p class="meta">${advice}</p>
  </div>`;
}

function askForm(view: AskView): Html {
  const { tasks, more, administers, asksKeys, typed } = view;
  const byId = more || administers;
  if (tasks.length === 0 && !byId) {
    return html`<p class="panel">None of your tasks runs now.</p>`;
  }
  return html`<section class="panel" aria-labelledby="ask">
    <div class="bar">
      <h2 id="ask">${tasks.length === 0 ? 'A running task' : 'Your running tasks'}</h2>
    </div>
    <form class="form" method="post" action="/auth/ask">
      ${tasks.length === 0 ? undefined : taskField(view)} ${byId ? otherField(view) : undefined}
      <div>
        <label for="port">Port</label>
        <input
          id="port"
          name="port"
          type="number"
          required
          min="1"
          max="65535"
          value="${typed.port}"
          placeholder="8888"
        />
      </div>
      ${protocolField(view)}
      <div>
        <label for="name">Name, where the task has several endpoints</label>
        <input
          id="name"
          name="name"
          maxlength="64"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          value="${typed.name}"
          aria-describedby="name-hint"
        />
        <p class="meta" id="name-hint">
          Letters, digits, “-” and single “_”. It stands in the URL; empty, it is the unnamed one.
        </p>
      </div>
      ${keepPrefixField(view)} ${httpsField(view)} ${asksKeys ? keyFields('ask') : undefined}
      <button class="main">Ask</button>
      <p class="meta">
        The list of endpoints then says whom it is for; you withdraw it there, too. Nothing of it
        outlives the task.
      </p>
    </form>
  </section>`;
}

function taskField({ tasks, more, typed, now }: AskView): Html {
  return html`<div>
    <label for="task">Task</label>
    <select id="task" name="task" ${more ? html`aria-describedby="more"` : undefined}>
      ${tasks.map((task) => taskOption(task, typed, now))}
    </select>
    ${more ? html`<p class="meta" id="more">The newest ${tasks.length} of your running tasks. Name an older one by its id.</p>` : undefined}
  </div>`;
}

/** Clones of a task have one name: where it started, and the beginning of its id, tell them apart. */
function taskOption({ id, name, projectName, startedAt }: OwnTask, typed: TypedAsk, now: number) {
  const started = instant(startedAt);
  const title = name.trim() === '' ? id : name;
  const place = projectName === undefined ? '' : `${projectName} / `;
  return html`<option value="${id}" ${id === typed.task ? html`selected` : undefined}>
    ${place}${title}
    (${id.slice(0, 8)}${started === null ? '' : `, started ${inWords(started, now)}`})
  </option>`;
}

function otherField({ tasks, administers, typed }: AskView): Html {
  const alone = tasks.length === 0;
  return html`<div>
    <label for="other">${alone ? 'Id of the task' : 'Id of another task, instead'}</label>
    <input
      id="other"
      name="other"
      maxlength="${TASK_ID_LENGTH}"
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      value="${typed.other}"
      ${alone ? html`required` : undefined}
      ${administers ? html`aria-describedby="others"` : undefined}
    />
    ${administers ? html`<p class="meta" id="others">As an administrator you may ask for tasks of others.</p>` : undefined}
  </div>`;
}

function protocolField({ tcp, typed }: AskView): Html {
  if (!tcp) return html`${hiddenField('protocol', 'http')}`;
  const option = (value: string, text: string): Html =>
    html`<option value="${value}" ${value === typed.protocol ? html`selected` : undefined}>
      ${text}
    </option>`;
  return html`<div>
    <label for="protocol">Protocol</label>
    <select id="protocol" name="protocol">
      ${option('http', 'HTTP: a web page or an API')} ${option('tcp', 'TCP: ssh and all else')}
    </select>
  </div>`;
}

function httpsField({ typed }: AskView): Html {
  return html`<div>
    <label>
      <input
        type="checkbox"
        name="scheme"
        value="https"
        aria-describedby="https-hint"
        ${typed.https ? html`checked` : undefined}
      />
      The app speaks HTTPS
    </label>
    <p class="meta" id="https-hint">
      For web apps with a certificate of their own. The list says whether it was checked.
    </p>
  </div>`;
}

function keepPrefixField({ typed }: AskView): Html {
  return html`<div>
    <label>
      <input
        type="checkbox"
        name="keep_prefix"
        value="true"
        aria-describedby="keep-hint"
        ${typed.keepPrefix ? html`checked` : undefined}
      />
      The app knows its path
    </label>
    <p class="meta" id="keep-hint">
      For web apps that are told a base path: <code>--ServerApp.base_url</code> of JupyterLab,
      <code>--static-prefix</code> of MLflow. They then see the whole path of their URL; else it is
      cut off.
    </p>
  </div>`;
}

export interface AskedView {
  readonly asked: Asked;
  readonly user: Listing['user'];
}

/** What was asked for, and where it will be. */
export function askedPage({ asked, user }: AskedView): Html {
  const { id, port, protocol, url } = asked;
  const content = html`<p class="notice good" role="status">
      Asked. It is open within a few seconds, or says in the list why it is not.
    </p>
    <section class="panel">
      <p>
        ${url === null ? html`The list tells where it is, once it is there.` : html`<a href="${url}">${url}</a>`}
      </p>
      <p class="meta">
        ${protocol === 'http' ? 'HTTP' : 'TCP'}, port ${port} of the task. Endpoint
        <code>${id}</code>
      </p>
    </section>`;
  return framed({ title: 'An endpoint is asked for', user, back: TO_OVERVIEW }, content);
}

export interface WithdrawView {
  readonly user: Listing['user'];
  /** Id of the endpoint. */
  readonly endpoint: string;
  readonly asksKeys: boolean;
  readonly problem: Answer | undefined;
}

/** After that. */
export function withdrawnPage(user: Listing['user'], endpoint: string): Html {
  const content = html`<p class="notice good" role="status">
    Withdrawn. <code>${endpoint}</code> is closed within a few seconds.
  </p>`;
  return framed({ title: 'An endpoint is withdrawn', user, back: TO_OVERVIEW }, content);
}

/** The question before an endpoint is taken away. */
export function withdrawPage({ user, endpoint, asksKeys, problem }: WithdrawView): Html {
  const content = html`${problem === undefined ? undefined : problemNotice(problem)}
    <section class="panel">
      <form class="form" method="post" action="/auth/ask/withdraw">
        ${hiddenField('endpoint', endpoint)}
        <p>
          <code>${endpoint}</code> is closed within a few seconds, with what is open there, by HTTP
          and by TCP. The task runs on, and its code may ask again.
        </p>
        ${asksKeys ? keyFields('withdraw it') : undefined}
        <button class="main">Withdraw</button>
      </form>
    </section>`;
  return framed({ title: 'Withdraw an endpoint', user, back: TO_OVERVIEW }, content);
}
