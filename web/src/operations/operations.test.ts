import { expect, test } from 'vitest';
import { asWords, readReport, secondsOf, shareOf } from './operations';

test('the share is known only where the work to do is', () => {
  const unknown = { items: 3, expectedItems: null, bytes: 25, expectedBytes: null };
  expect(shareOf({ ...unknown, expectedItems: 4, expectedBytes: 100 })).toBe(0.25);
  expect(shareOf({ ...unknown, expectedItems: 4 })).toBe(0.75);
  expect(shareOf(unknown)).toBeNull();
  expect(shareOf({ ...unknown, bytes: 120, expectedBytes: 100 })).toBe(1);
});

test('an operation that runs takes time until now', () => {
  const startedAt = '2026-11-30T10:00:00Z';
  expect(secondsOf({ startedAt, endedAt: null }, Date.parse('2026-11-30T10:00:30Z'))).toBe(30);
  expect(secondsOf({ startedAt, endedAt: '2026-11-30T10:00:10Z' }, Date.parse('2026-11-30T12:00:00Z'))).toBe(10);
  expect(secondsOf({ startedAt: null, endedAt: null }, 0)).toBeNull();
});

test('a report is read into facts, sentences and the rest', () => {
  expect(readReport({ tables: 3, position: '0/1', warnings: ['a is larger.'], empty: [], differences: [], isDryRun: false, summary: { copied: 2, large: [], problem: null, first: [{ key: 'k' }] }, target: { rows: 4 }, notDeleted: null })).toEqual({
    facts: [['tables', 3], ['position', '0/1'], ['differences', 0], ['copied', 2], ['target · rows', 4]],
    lists: [['warnings', ['a is larger.']]],
    rest: [['first', [{ key: 'k' }]]],
  });
  expect(readReport(null)).toEqual({ facts: [], lists: [], rest: [] });
});

test('names of fields are words', () => expect(asWords('bytesPerSecond')).toBe('Bytes per second'));
