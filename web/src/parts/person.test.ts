import { expect, test } from 'vitest';
import { asPerson, initialsOf } from './person';

test('initials are those of the first and the last name', () => {
  expect(initialsOf('Ada King Lovelace', 'a@example.com')).toBe('AL');
  expect(initialsOf('Ada', 'a@example.com')).toBe('A');
  expect(initialsOf(null, 'bob@example.com')).toBe('B');
  expect(initialsOf('  ', 'bob@example.com')).toBe('B');
});

test('a letter with a combining accent is one letter', () => {
  expect(initialsOf('E\u0301mile Zola', 'e@example.com')).toBe('E\u0301Z');
});

test('the last byte of the id decides the color', () => {
  const id = '01995b5e-0a00-7000-8000-000000000010';
  expect(asPerson({ id, email: 'a@example.com', fullName: null }).badgeColor).toBe('#4d7c0f');
});
