import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preferredForm, prefersHtml } from '../../../router/grammar/accept.ts';

test('the form that the client prefers', () => {
  for (const [accept, form] of [
    [undefined, 'json'],
    ['*/*', 'json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['application/json', 'json'],
    ['text/plain', 'plain'],
    ['text/html;q=0.1, application/json', 'json'],
    ['application/json;q=0.2, text/html;q=0.9', 'html'],
    ['text/html;q=0', 'json'],
    ['text/html;q=nonsense', 'json'],
    ['text/event-stream', 'json'],
    ['application/problem+json', 'json'],
    ['image/png,text/*;q=0.5', 'plain'],
    [`${'a/b,'.repeat(5_000)}text/html`, 'json'],
  ] as const) {
    assert.equal(preferredForm(accept), form, accept?.slice(0, 60));
  }
});

test('a browser that opens a page without saying which form gets a page', () => {
  for (const accept of [undefined, '', '*/*']) {
    assert.equal(preferredForm(accept, 'navigate'), 'html');
    assert.equal(preferredForm(accept, 'cors'), 'json');
  }
  assert.equal(preferredForm('application/json', 'navigate'), 'json');
});

test('HTML is preferred where nothing that is named weighs more', () => {
  for (const [accept, prefers] of [
    [undefined, false],
    ['*/*', false],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['application/xhtml+xml', true],
    ['application/json, text/html', false],
    ['application/xml, text/html', false],
    ['*/*, text/html', true],
    ['*/*, text/html;q=0.9', false],
    ['text/html;q=2, application/json;q=0.1', false],
    ['image/avif,image/webp,*/*;q=0.8', false],
  ] as const) {
    assert.equal(prefersHtml(accept), prefers, accept);
  }
});
