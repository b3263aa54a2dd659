import { expect, it } from 'vitest';
import { axisOf, distanceTo, lineOf, passes, positionOn, valueAt, type Run } from './parallel';

const run = (id: string, values: Run['values']): Run => ({ id, label: id, values });
const runs = [run('a', { lr: 1e-5, opt: 'adam', acc: 0.5 }), run('b', { lr: 1e-1, opt: 'sgd', acc: 0.9 }), run('c', { lr: 1e-3, opt: 'adam', acc: null })];

it('a learning rate has a logarithmic axis', () => {
  const axis = axisOf('lr', 'lr', runs);
  expect(axis).toMatchObject({ kind: 'number', logarithmic: true });
  expect(positionOn(axis, 1e-3)).toBeCloseTo(0.5, 12);
  expect(valueAt(axis, 0.5)).toBeCloseTo(1e-3, 12);
});
it('text has one place for each name', () => {
  const axis = axisOf('opt', 'opt', runs);
  expect(positionOn(axis, 'sgd')).toBe(1);
  expect(valueAt(axis, 0.2)).toBe('adam');
});
it('numbers over less than three powers of ten are linear', () => expect(positionOn(axisOf('acc', 'acc', runs), 0.7)).toBeCloseTo(0.5, 12));
it('a brush keeps the runs in its range and none without a value', () => {
  const axes = ['lr', 'acc'].map(id => axisOf(id, id, runs));
  expect(runs.filter(r => passes(r, axes, { acc: [0.5, 1] })).map(r => r.id)).toEqual(['b']);
  expect(runs.filter(r => passes(r, axes, { lr: [0, 0.5] })).map(r => r.id)).toEqual(['a', 'c']);
  expect(runs.filter(r => passes(r, axes, { lr: [0, 0.5], acc: [0, 1] })).map(r => r.id)).toEqual(['a']);
});
it('a missing value breaks the line', () => {
  const axes = ['lr', 'acc', 'opt'].map(id => axisOf(id, id, runs));
  const line = lineOf(runs[2]!, axes, (i, at) => [i * 100, at * 100]);
  expect(line[1]).toBeNull();
  expect(distanceTo(line, 100, 25)).toBeGreaterThan(90);
  expect(distanceTo([[0, 0], [100, 0]], 50, 7)).toBe(7);
  expect(distanceTo([null], 0, 0)).toBe(Infinity);
});
it('an axis without numbers has somewhere to be', () => expect(axisOf('x', 'x', runs)).toEqual({ id: 'x', label: 'x', kind: 'number', min: 0, max: 1, logarithmic: false }));
