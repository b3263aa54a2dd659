import { expect, test } from 'vitest';
import { quotaTone, shareOf } from './Quotas';

test('a limit of nothing is full as soon as something is used', () => {
  expect(shareOf({ used: 0, limit: 0 })).toBe(0);
  expect(shareOf({ used: 1, limit: 0 })).toBe(1);
});

test('what is not limited has no share', () => expect(shareOf({ used: 5, limit: null })).toBeNull());

test('a limit warns from four fifths and is full at its end', () => {
  expect([0.79, 0.8, 1].map(quotaTone)).toEqual(['accent', 'warn', 'bad']);
});
