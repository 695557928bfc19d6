import type { Answer } from '../../pages/answer.ts';
import { hashSource, pageStyle } from '../../pages/style.ts';
import type { Html } from './html.ts';
import type { PageAnswer } from './reply.ts';
import { PAGE_SCRIPT } from './page_script.ts';

/** Written by hand and dense: it travels with each page, and in the bundle. */
const STYLE = pageStyle(`
header,main,footer{max-width:76rem;margin:0 auto;padding:.9rem 1rem}
header,.bar{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;justify-content:space-between}
header{padding-top:1.4rem}
h2{font-size:1.05rem}h3,h4{font-size:1rem;overflow-wrap:anywhere}.group{margin:.9rem 0 .4rem;font-size:.95rem}
section{margin-bottom:1.75rem}.rows+.meta,.panel p+p{margin-top:.6rem}.bar{margin-bottom:.6rem;min-height:2rem}
.account,.find,.inline{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;padding:.3rem .6rem;background:var(--card)}
.notice{margin:0 0 1rem;padding:.6rem .9rem;border-left:4px solid var(--warn);background:var(--card)}
.notice.bad{border-color:var(--alarm)}.notice.good{border-color:var(--good)}
.rows,.panel{padding:0;list-style:none;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.panel{padding:1rem}
.row{display:grid;grid-template-columns:minmax(0,22rem) minmax(0,1fr);gap:.5rem 1.75rem;padding:.85rem 1rem;border-top:1px solid var(--line)}
.rows{overflow:hidden}.row{margin-top:-1px}.row[hidden]{display:none}
.meta{color:var(--soft);font-size:.87rem;overflow-wrap:anywhere}.dots>*+*:before{content:" · "}
.acts{display:flex;flex-wrap:wrap;gap:.35rem .6rem;align-items:center;margin-top:.45rem}
.ways{display:grid;gap:.6rem;align-content:start}
.way{display:grid;grid-template-columns:8.8rem minmax(0,1fr);gap:.15rem .8rem}
.way dt{font-weight:600}.way dd>*+*{margin-top:.3rem}
.facts .way{grid-template-columns:9rem minmax(0,1fr)}.facts dt{font-weight:400;color:var(--soft)}
.line{display:flex;gap:.5rem;align-items:flex-start;justify-content:space-between}
.line>a{min-width:0;flex:1}.line>code{min-width:0}
code{padding:.1rem .35rem;background:var(--code);border-radius:.3rem;font:.85rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
.state{display:block;color:var(--soft);font-size:.82rem;font-weight:600}.state:before{content:"";display:inline-block;width:.5em;height:.5em;margin-right:.35em;border-radius:50%;background:currentColor;vertical-align:.08em}
.open{color:var(--good)}.waiting{color:var(--warn)}.failing,.refused{color:var(--alarm)}
button,input,select,.button{font:inherit;font-size:.87rem;color:var(--ink);background:var(--card);border:1px solid var(--edge);border-radius:.4rem;padding:.2rem .65rem}
button,.button,select{cursor:pointer}button:hover,.button:hover{border-color:var(--accent);color:var(--accent)}
button:disabled{opacity:.6;cursor:progress}
.button{text-decoration:none;display:inline-block}
button.main{background:var(--accent);border-color:var(--accent);color:var(--on-accent);font-weight:600;padding:.35rem 1rem}
.form{display:grid;grid-template-columns:minmax(0,1fr);gap:.7rem;max-width:26rem}.form label{display:block;font-weight:600;margin-bottom:.15rem}.form input,.form select{width:100%;padding:.35rem .6rem}.form button{justify-self:start}
.form fieldset{display:grid;gap:.7rem;margin:0;padding:.7rem;border:1px solid var(--line);border-radius:.4rem}.form legend{font-weight:600}.choice{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.3rem .5rem;align-items:center}.choice>div{grid-column:2}.form .choice label{font-weight:400;margin:0}.form [type=radio],.form [type=checkbox]{width:auto}
.secret code{display:block;padding:.5rem .7rem;flex:1}.panel.ways>.line>code{flex:1}
.narrow{display:none}output{display:block;margin-top:.45rem}output:empty{display:none}table{width:100%;border-collapse:collapse}th{text-align:left;font-size:.82rem;color:var(--soft);font-weight:600}th,td{padding:.5rem .75rem;border-top:1px solid var(--line);vertical-align:top}thead th{border:0}
summary{cursor:pointer;color:var(--accent);font-size:.87rem;width:fit-content}details .line{margin-top:.35rem}
.list{padding-left:1.1rem}
section>p+p,#endpoints+.meta{margin-top:.6rem}p+.form,.form+p{margin-top:.8rem}.form .choice{align-items:start}.form .choice>input{margin:.3rem 0 0}.form .choice>div:not(.choice)>*+label{margin-top:.4rem}.panel>h2+*{margin-top:.6rem}
td bdi{overflow-wrap:anywhere}td button,td:has(.narrow){white-space:nowrap}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:46rem){.row{grid-template-columns:minmax(0,1fr)}.narrow{display:inline}table,tbody,tr,td{display:block}thead{display:none}td{border:0;padding:.15rem .75rem}tr{padding:.5rem 0;border-top:1px solid var(--line)}}
@media(max-width:26rem){.way,.facts .way{grid-template-columns:minmax(0,1fr)}.way .state{display:inline;margin-left:.6rem}}
@media(prefers-reduced-motion:no-preference){button,.button{transition:border-color .12s,color .12s}}
@media(forced-colors:active){.state:before{background:CanvasText}}
`);

// The policy goes by the hash of the exact text, so nobody may put white space around it.
export const STYLE_ELEMENT: Html = { markup: STYLE.element };
export const SCRIPT_ELEMENT: Html = { markup: `<script>${PAGE_SCRIPT}</script>` };

/**
 * Nothing runs on a page and nothing styles it but these two; nothing may frame it. Its forms lead to the router's own pages, and where
 * their answer leads on to another origin, there.
 */
function pagePolicy(leadsTo: readonly string[]): string {
  return [
    "default-src 'none'",
    `style-src ${STYLE.source}`,
    `script-src ${hashSource(PAGE_SCRIPT)}`,
    "connect-src 'self'",
    'img-src data:',
    ["form-action 'self'", ...leadsTo].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
const PAGE_POLICY = pagePolicy([]);

/** Vary of all that differs from user to user. */
export const BY_USER = { Vary: 'Cookie, Authorization' };

/** What kept something from being done, to be said on the page on which it was tried. */
export type Problem = Pick<Answer, 'status' | 'detail' | 'headers'>;

/** A page with a form, shown again where something kept the form from being done: with what that says to programs, such as Retry-After. */
export function formAnswer(page: Html, problem: Problem | undefined): PageAnswer {
  const shown = pageAnswer(problem?.status ?? 200, page);
  const [name, value] = problem?.headers ?? [];
  if (name === undefined || value === undefined) return shown;
  return { ...shown, headers: { ...shown.headers, [name]: value } };
}

/** A page as an answer. `leadsTo` are the origins beside its own that its forms may end at. */
export function pageAnswer(
  status: number,
  page: Html,
  leadsTo: readonly string[] = [],
): PageAnswer {
  const policy = leadsTo.length === 0 ? PAGE_POLICY : pagePolicy(leadsTo);
  return {
    status,
    headers: { 'Content-Security-Policy': policy, ...BY_USER },
    body: { page },
  };
}
