import { expect, test } from 'vitest';
import { asLocalInput, asQuery, auditFilter, fromLocalInput, userFilter } from './filters';

test('what an address names that does not exist is left out', () => {
  expect(asQuery(userFilter({ role: 'king', active: 'yes', search: 'ada' }))).toEqual({ search: 'ada' });
  expect(asQuery(auditFilter({ result: 'denied', from: 'yesterday', to: '2026-11-30T00:00:00Z' }))).toEqual({ result: 'denied', to: '2026-11-30T00:00:00Z' });
});

test('a number in the address is the text that was typed', () => expect(asQuery(userFilter({ search: 2026 }))).toEqual({ search: '2026' }));

test('a time goes into an input and comes back', () => {
  expect(fromLocalInput(asLocalInput('2026-11-30T10:20:00.000Z'))).toBe('2026-11-30T10:20:00.000Z');
  expect(fromLocalInput('')).toBeUndefined();
});
