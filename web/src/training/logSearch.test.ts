import { expect, it } from 'vitest';
import type { LogLine } from '../api/schema';
import { isFiltered, joinPages, logQuery, readLogSearch } from './logSearch';

const line = (id: number): LogLine => ({ id, attempt: 1, level: 'info', message: `line ${id}`, source: 'trainer', time: '2026-01-31T12:00:00Z' });

it('filters come from the address, and what is unknown is dropped', () => {
  expect(readLogSearch({ find: 'epoch', level: 'error', attempt: 2 })).toEqual({ find: 'epoch', level: 'error', attempt: 2 });
  expect(readLogSearch({ find: 12, level: 'info', attempt: 'x' })).toEqual({ find: '12', level: undefined, attempt: undefined });
  expect(isFiltered(readLogSearch({ find: '  ', attempt: 0 }))).toBe(false);
  expect(isFiltered({ attempt: 1 })).toBe(true);
});

it('a level includes those above it', () => {
  expect(logQuery({ find: ' loss ', level: 'warning' })).toEqual({ search: 'loss', level: 'warning,error' });
  expect(logQuery({ level: 'error', attempt: 1 })).toEqual({ level: 'error', attempt: 1 });
});

it('pages that overlap give each line once, the oldest first, and keep the lines that are shown', () => {
  const old = line(3);
  const lines = joinPages([{ items: [line(3), line(4)] }, { items: [line(1), line(3)] }], new Map([[3, old]]));
  expect(lines.map(({ id }) => id)).toEqual([1, 3, 4]);
  expect(lines[1]).toBe(old);
});
