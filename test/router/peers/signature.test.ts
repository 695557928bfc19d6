import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CLOCK_TOLERANCE_MS,
  isAnswerTo,
  readQuestion,
  signAnswer,
  signQuestion,
} from '../../../router/peers/signature.ts';
import { KEYS } from './replica.ts';

const NOW = 1_800_000_000_000;
const TARGET = '/replica?volume=&since=0';
const [KEY, OTHER] = KEYS;
const BODY = Buffer.from('{}');

test('a question counts with its key, its target and within its time alone', () => {
  const { nonce, authorization } = signQuestion(KEY, TARGET, NOW);
  const read = (keys: readonly Uint8Array[], target: string, text: string | undefined, now = NOW) =>
    readQuestion(keys, target, text, now)?.nonce;
  assert.equal(read([KEY], TARGET, authorization), nonce);
  assert.equal(read([OTHER, KEY], TARGET, authorization), nonce, 'while a secret is rotated');
  assert.equal(read([KEY], TARGET, authorization, NOW - CLOCK_TOLERANCE_MS), nonce);
  assert.equal(read([KEY], TARGET, authorization, NOW + CLOCK_TOLERANCE_MS), nonce);
  assert.equal(read([KEY], TARGET, authorization, NOW + CLOCK_TOLERANCE_MS + 1), undefined);
  assert.equal(read([KEY], TARGET, authorization, NOW - CLOCK_TOLERANCE_MS - 1), undefined);
  assert.equal(read([OTHER], TARGET, authorization), undefined);
  assert.equal(read([], TARGET, authorization), undefined);
  assert.equal(read([KEY], '/replica?volume=&since=1', authorization), undefined);
  assert.equal(read([KEY], TARGET, undefined), undefined);
  const [scheme, rest = ''] = authorization.split(' ');
  const [time, , mac] = rest.split('.');
  for (const forged of [
    rest,
    `Bearer ${rest}`,
    `${scheme} ${Number(time) + 1}.${nonce}.${mac}`,
    `${scheme} ${time}.${'A'.repeat(22)}.${mac}`,
    `${scheme} ${time}.${nonce}.${'A'.repeat(43)}`,
    `${scheme} ${time}.${nonce}.`,
    `${authorization}A`,
    `${authorization}\n`,
  ]) {
    assert.equal(read([KEY], TARGET, forged), undefined, forged);
  }
});

test('an answer counts with its key, its question and its body alone', () => {
  const question = { nonce: signQuestion(KEY, TARGET, NOW).nonce, key: KEY };
  const signature = signAnswer(question, BODY);
  assert.ok(isAnswerTo(question, BODY, signature));
  assert.ok(!isAnswerTo(question, Buffer.from('{ }'), signature));
  assert.ok(!isAnswerTo({ ...question, key: OTHER }, BODY, signature));
  const another = { nonce: signQuestion(KEY, TARGET, NOW).nonce, key: KEY };
  assert.ok(!isAnswerTo(another, BODY, signature), 'an answer that was recorded');
  for (const none of [undefined, '', [signature], `${signature}AAAA`, signature.slice(1)]) {
    assert.ok(!isAnswerTo(question, BODY, none));
  }
});

test('what signs a question signs no answer', () => {
  const { nonce, authorization } = signQuestion(KEY, TARGET, NOW);
  const [time, , mac] = authorization.replace('Replica ', '').split('.');
  const body = Buffer.from(`${time}\n${nonce}`);
  assert.ok(!isAnswerTo({ nonce: TARGET, key: KEY }, body, mac));
});
