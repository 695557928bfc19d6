import assert from 'node:assert/strict';
import { test } from 'node:test';

import { autoname, isAutonamed } from './autoname.ts';
import type { Manifest } from './manifest.ts';

const seed = Buffer.from('seed');
const unnamed: Manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { labels: { a: 'b' } } };

test('an object without a name gets the resource name and eight hex digits', () => {
  const named = autoname(unnamed, 'code', seed, undefined);
  assert.match(named.metadata.name ?? '', /^code-[0-9a-f]{8}$/);
  assert.deepEqual(named.metadata['labels'], { a: 'b' });
  assert.equal(isAutonamed(named), true);
});

test('the same seed gives the same name, another seed another', () => {
  const name = (text: string): string | undefined =>
    autoname(unnamed, 'code', Buffer.from(text), undefined).metadata.name;
  assert.equal(name('one'), name('one'));
  assert.notEqual(name('one'), name('two'));
});

test('an explicit name is kept', () => {
  const explicit = { ...unnamed, metadata: { name: 'mine' } };
  assert.equal(autoname(explicit, 'code', seed, undefined), explicit);
  assert.equal(isAutonamed(explicit), false);
});

test('an object that was named before keeps that name', () => {
  const old = autoname(unnamed, 'code', Buffer.from('earlier'), undefined);
  assert.equal(autoname(unnamed, 'code', seed, old).metadata.name, old.metadata.name);
});

test('an object whose explicit name was removed gets a name of its own', () => {
  const old = { ...unnamed, metadata: { name: 'mine' } };
  assert.match(autoname(unnamed, 'code', seed, old).metadata.name ?? '', /^code-[0-9a-f]{8}$/);
});

test('a long resource name leaves room for the digits within the 253 characters of a name', () => {
  const { name = '' } = autoname(unnamed, 'x'.repeat(300), seed, undefined).metadata;
  assert.equal(name.length, 253);
  assert.match(name, /-[0-9a-f]{8}$/);
});
