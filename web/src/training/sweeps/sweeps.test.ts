import { expect, it } from 'vitest';
import type { ConfigField, Sweep, SweepRun } from '../../api/schema';
import { matchesSweep, readSweepsSearch } from './search';
import { bestJobs, combinations, countsOf, epochsOfAll, firstTried, latestRuns, linesOf, readTried, roundsOf, triableFields, wholeIn, type Tried } from './sweeps';

const field = (change: Partial<ConfigField>): ConfigField => ({ name: 'x', group: null, advanced: false, required: false, type: 'float', default: null, min: null, max: null, options: null, description: null, exclusiveMin: false, exclusiveMax: false, ...change });
const rate = field({ name: 'learningRate', type: 'float', default: 0.002, min: 0, exclusiveMin: true, max: 1 });
const batch = field({ name: 'batchSize', type: 'int', default: 32, min: 1, max: 1024 });
const optimizer = field({ name: 'optimizer', type: 'select', default: 'adam', options: ['adam', 'sgd'] });
const tried = (change: Partial<Tried>): Tried => ({ field: 'x', mode: 'list', list: '', chosen: [], min: '', max: '', log: false, ...change });

it('a learning rate is tried on a logarithmic range around its default', () => {
  expect(firstTried(rate, 'random')).toMatchObject({ mode: 'range', min: '0.0002', max: '0.02', log: true });
  expect(firstTried(rate, 'grid')).toMatchObject({ mode: 'list', list: '0.0002, 0.002, 0.02' });
  expect(firstTried(batch, 'random')).toMatchObject({ mode: 'range', min: '16', max: '64', log: false });
  expect(firstTried(field({ type: 'float', default: 0, min: 0, max: 0.5 }), 'random')).toMatchObject({ min: '0', max: '0.5', log: false });
  expect(firstTried(optimizer, 'random')).toMatchObject({ mode: 'list', chosen: ['adam', 'sgd'] });
});

it('a list and a range are sent as values of the type of their field', () => {
  expect(readTried(batch, tried({ list: '16, 32,' }), 'grid')).toEqual({ value: { field: 'batchSize', values: [16, 32], log: false } });
  expect(readTried(rate, tried({ mode: 'range', min: '0.001', max: '0.1', log: true }), 'random')).toEqual({ value: { field: 'learningRate', min: 0.001, max: 0.1, log: true } });
  expect(readTried(optimizer, tried({ chosen: ['sgd'] }), 'random')).toEqual({ value: { field: 'optimizer', values: ['sgd'], log: false } });
  expect(readTried(field({ type: 'bool' }), tried({ chosen: ['true', 'false'] }), 'grid')).toEqual({ value: { field: 'x', values: [true, false], log: false } });
});

it('a grid takes lists only', () => expect(readTried(batch, tried({ mode: 'range', list: '8', min: '1', max: '4' }), 'grid')).toEqual({ value: { field: 'batchSize', values: [8], log: false } }));

it('what the server would refuse is a fault', () => {
  expect(readTried(batch, tried({ list: ' , ' }), 'grid')).toEqual({ fault: { kind: 'empty' } });
  expect(readTried(batch, tried({ list: '1, 1.0' }), 'grid')).toEqual({ fault: { kind: 'repeated' } });
  expect(readTried(batch, tried({ list: '0.5' }), 'grid')).toEqual({ fault: { kind: 'whole' } });
  expect(readTried(batch, tried({ list: '4096' }), 'grid')).toMatchObject({ fault: { kind: 'range', max: 1024 } });
  expect(readTried(batch, tried({ mode: 'range', min: '8', max: '8' }), 'random')).toEqual({ fault: { kind: 'order' } });
  expect(readTried(batch, tried({ mode: 'range', min: '8', max: '' }), 'random')).toEqual({ fault: { kind: 'required' } });
  expect(readTried(field({ type: 'float', min: -1 }), tried({ mode: 'range', min: '0', max: '1', log: true }), 'random')).toEqual({ fault: { kind: 'positive' } });
});

it('the rounds of successive halving decide the epochs', () => {
  expect(triableFields([field({ name: 'epochs' }), batch, field({ type: 'multiselect' })], 'successive_halving')).toEqual([batch]);
  const rounds = roundsOf('successive_halving', 9, 27, 3, 3);
  expect(rounds).toEqual([{ runs: 9, epochs: 3 }, { runs: 3, epochs: 9 }, { runs: 1, epochs: 27 }]);
  expect(epochsOfAll(rounds)).toBe(27 + 18 + 18);
  expect(roundsOf('successive_halving', 4, 10, 3, 3)).toEqual([{ runs: 4, epochs: 3 }, { runs: 1, epochs: 9 }, { runs: 1, epochs: 10 }]);
  expect(roundsOf('successive_halving', 4, 2, 5, 3)).toEqual([{ runs: 4, epochs: 2 }]);
  expect(epochsOfAll(roundsOf('random', 10, 8, 1, 3))).toBe(80);
});

it('lists multiply, a range has no number', () => {
  expect(combinations([{ field: 'a', values: [1, 2], log: false }, { field: 'b', values: [1, 2, 3, 4], log: false }])).toBe(8);
  expect(combinations([{ field: 'a', min: 0, max: 1, log: false }])).toBeNull();
});

it('a whole number of a text is within its limits', () => {
  expect(wholeIn('', 1, 5, undefined)).toBeUndefined();
  expect(wholeIn('3', 1, 5, undefined)).toBe(3);
  expect([wholeIn('6', 1, 5, undefined), wholeIn('1.5', 1, 5, undefined), wholeIn('x', 1, 5, undefined)]).toEqual([null, null, null]);
});

const run = (number: number, round: number, accuracy: number | null, jobId: string | null = `job-${number}-${round}`): SweepRun =>
  ({ round, number, config: { learningRate: number / 100 }, jobId, state: 'completed', currentEpoch: 1, totalEpochs: 1, bestEpoch: 1, bestMetrics: accuracy === null ? null : { accuracy }, stopped: false, error: null });

it('a configuration counts in the last round that it reached', () => {
  const runs = [run(1, 1, 0.5), run(2, 1, 0.6), run(2, 2, 0.9), run(3, 1, null)];
  expect(latestRuns(runs).map(({ number, round }) => [number, round])).toEqual([[1, 1], [2, 2], [3, 1]]);
  expect(bestJobs(runs, 'accuracy', 2)).toEqual(['job-2-2', 'job-1-1']);
  expect(linesOf({ primaryMetric: 'accuracy', space: [{ field: 'learningRate', values: null, min: 0, max: 1, log: false }] }, latestRuns(runs), (one) => `#${one.number}`)[1])
    .toEqual({ id: '2', label: '#2', values: { learningRate: 0.02, result: 0.9 } });
});

it('runs are counted by what they do', () => expect(countsOf({ runs: { waiting: 3, queued: 1, running: 2, completed: 4, failed: 1 } })).toEqual({ all: 11, ended: 5, underWay: 2, waiting: 4 }));

it('filters come from the address', () => {
  expect(readSweepsSearch({ state: 'running', method: 'nothing', text: 5 })).toEqual({ state: 'running', method: undefined, text: '5', sort: undefined });
  const sweep = { name: 'Digits', model: 'small_cnn', framework: 'torchvision', state: 'running', method: 'grid' } as Sweep;
  expect(matchesSweep(sweep, { text: 'PEN' }, 'Pens v1')).toBe(true);
  expect(matchesSweep(sweep, { state: 'failed' }, '')).toBe(false);
  expect(matchesSweep(sweep, { method: 'random' }, '')).toBe(false);
});
