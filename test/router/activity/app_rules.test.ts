import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackground, isMonitoring, isSavedAgain } from '../../../router/activity/app_rules.ts';

test('knows what pages of some apps do by themselves, though it looks like somebody’s doing', () => {
  const background: readonly (readonly [string, number])[] = [
    ['/socket.io/?EIO=4&transport=polling&t=PqR3s1x&sid=abc', 0],
    ['/socket.io/?EIO=4&transport=polling&t=PqR3s1x&sid=abc', 1],
    ['/socket.io/?EIO=3&transport=polling&t=PqR3s1x&sid=abc', 3],
    ['/app/socket.io/?EIO=4&transport=polling', 1],
    ['/events/get_events', 120],
    ['/git/churn/model/status', 0],
    ['/git/branch', 0],
  ];
  for (const [path, length] of background) assert.ok(isBackground(path, length), path);
  const acts: readonly (readonly [string, number])[] = [
    ['/socket.io/?EIO=4&transport=polling&sid=abc', 40],
    ['/socket.io/?EIO=4&transport=polling&sid=abc', Infinity],
    ['/socket.io/?EIO=4&transport=websocket', 0],
    ['/git/churn/model/commit', 30],
    ['/project/status', 0],
    ['/api/kernels', 20],
  ];
  for (const [path, length] of acts) assert.ok(!isBackground(path, length), path);
});

test('knows where monitors ask, whatever their query', () => {
  for (const path of ['/metrics', '/health?full=1', '/_stcore/health']) {
    assert.ok(isMonitoring(path));
  }
  for (const path of ['/', '/metrics/', '/api/kernels', '/predict?next=/health']) {
    assert.ok(!isMonitoring(path), path);
  }
});

test('knows where pages save by themselves how they look', () => {
  for (const path of ['/lab/api/workspaces/default?1796067377104', '/base/lab/api/workspaces/a']) {
    assert.ok(isSavedAgain(path), path);
  }
  for (const path of ['/lab/api/workspaces', '/api/contents/a?of=/lab/api/workspaces/default']) {
    assert.ok(!isSavedAgain(path), path);
  }
});
