import { expect, test } from 'vitest';
import { ago, bytes, duration, metric } from './format';

test('a metric has four significant digits', () => {
  expect(metric(0.912345)).toBe('0.9123');
  expect(metric(0.0000123)).toBe('1.23e-5');
});

test('a metric that is no number is shown as such', () => {
  expect(metric('NaN')).toBe('NaN');
  expect(metric('Infinity')).toBe('∞');
  expect(metric(-Infinity)).toBe('−∞');
  expect(metric(null)).toBe('–');
});

test('bytes use the largest unit that is not below one', () => {
  expect(bytes(999)).toBe('999 B');
  expect(bytes(999_600)).toBe('1.0 MB');
  expect(bytes(1_450_000_000)).toBe('1.5 GB');
});

test('a duration has at most two units', () => {
  expect(duration(59.4)).toBe('59 s');
  expect(duration(245)).toBe('4 min 5 s');
  expect(duration(11_520)).toBe('3 h 12 min');
  expect(duration(86_400)).toBe('1 d');
});

test('times are told from now', () => {
  const now = Date.parse('2026-11-30T12:00:00Z');
  expect(ago('2026-11-30T09:00:00Z', now)).toBe('3 hours ago');
  expect(ago('2026-11-29T11:00:00Z', now)).toBe('yesterday');
  expect(ago('2026-11-30T11:59:50Z', now)).toBe('now');
});
