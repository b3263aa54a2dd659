import { expect, test } from 'vitest';
import { freeDatabases, typedForBucket, typedForDatabase } from './starts';

test('a name is typed before data can be lost', () => {
  expect(typedForDatabase({ target: 'archive', mode: 'empty', dryRun: false })).toBeUndefined();
  expect(typedForDatabase({ target: 'archive', mode: 'swap', dryRun: false })).toBe('archive');
  expect(typedForDatabase({ target: 'archive', mode: 'replace', dryRun: true })).toBeUndefined();
});

test('a bucket of the app is confirmed even if nothing is deleted', () => {
  expect(typedForBucket({ target: 'cold', removes: false, dryRun: false, inUse: ['datasets'] })).toBeUndefined();
  expect(typedForBucket({ target: 'cold', removes: true, dryRun: false, inUse: ['datasets'] })).toBe('cold');
  expect(typedForBucket({ target: 'datasets', removes: false, dryRun: false, inUse: ['datasets'] })).toBe('datasets');
  expect(typedForBucket({ target: 'datasets', removes: true, dryRun: true, inUse: ['datasets'] })).toBeUndefined();
});

test('databases of the app are no targets', () => expect(freeDatabases({ databases: ['archive', 'users'], inUse: ['users', 'datasets'] })).toEqual(['archive']));
