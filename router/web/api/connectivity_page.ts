import type { Connectivity, WayTest } from './connectivity_test.ts';
import { framed, TO_OVERVIEW } from '../parts/frame.ts';
import { html, type Html } from '../parts/html.ts';

/** What a connectivity test came to, for those who have no scripts. */
export function connectivityPage({ endpoint, http, tcp }: Connectivity): Html {
  const content = html`<dl class="panel ways">${way('HTTP', http)} ${way('TCP', tcp)}</dl>
    <p class="meta">
      Tried from the router, at the address that the task gave. Endpoint <code>${endpoint}</code>
    </p>`;
  return framed({ title: 'Connectivity test', user: undefined, back: TO_OVERVIEW }, content);
}

function way(name: string, test: WayTest | null): Html | undefined {
  if (test === null) return undefined;
  const { outcome, detail } = test;
  const tone = outcome === 'answers' ? 'open' : outcome === 'waiting' ? 'waiting' : 'refused';
  return html`<div class="way">
    <dt>${name} <span class="state ${tone}">${outcome}</span></dt>
    <dd>${detail}</dd>
  </div>`;
}
