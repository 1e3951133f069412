/** Samples are given to the stage in whose code they were taken, or which called for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stagesOf } from './stages.ts';

const frame = (functionName: string, url = '') => ({
  ...{ functionName, url, scriptId: '0' },
  ...{ lineNumber: 0, columnNumber: 0 },
});

test('a library or a system call counts for the stage that called it; idling for none', () => {
  const nodes = [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 7] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('(garbage collector)') },
    {
      id: 4,
      callFrame: frame('take', 'file:///x/dist/agent/intake/shop-intake.js'),
      children: [5],
    },
    { id: 5, callFrame: frame('seal', 'file:///x/dist/agent/journal/chain.js'), children: [6] },
    { id: 6, callFrame: frame('hash') },
    { id: 7, callFrame: frame('somewhere else') },
  ];
  const samples = [2, 3, 4, 6, 6, 7];
  const timeDeltas = [1000, 10, 20, 30, 40, 50];
  const stages = stagesOf({ nodes, samples, timeDeltas, startTime: 0, endTime: 1 }, 10);
  assert.deepEqual(
    [...stages].filter(([, us]) => us > 0),
    [
      ['judge and count', 2],
      ['hash and chain', 7],
      ['garbage collection', 1],
      ['other', 5],
    ],
  );
});
