import { expect, test } from 'vitest';
import type { ProposalRun } from '../../api/schema';
import { labelOf, reported } from './proposals';

test('a proposal is named by its class, or by its objects', () => {
  expect(labelOf({ class: 'cat', objects: [] })).toBe('cat');
  expect(labelOf({ class: null, objects: ['cat', 'dog', 'cat'].map((name) => ({ class: name, box: [0, 0, 1, 1] })) })).toBe('2 × cat, dog');
});

test('a report has what was done and what was not', () => {
  expect(reported({ done: 0, labeled: 2, gone: 0, nothingFound: 1, refused: 0 } as ProposalRun)).toEqual(['done', 'labeled', 'nothingFound']);
});
