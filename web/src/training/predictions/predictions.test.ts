import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { matchesPrediction, readLines, summarize, unpack } from './predictions';
import { readPredictionsSearch } from './search';

it('a result is read line by line, and what is no prediction is left out', () =>
  expect(readLines('{"path":"a.png","class":"1","confidence":0.5}\n\nnull\n{"class":"1"}\n{"pa')).toEqual([{ path: 'a.png', class: '1', confidence: 0.5 }]));

it('a classification is summed up by class, the least certain images first', () => {
  const summary = summarize([{ path: 'a', class: 'cat', confidence: 0.9 }, { path: 'b', class: 'cat', confidence: 0.5 }, { path: 'c', class: 'dog', confidence: 0.6 }], 2);
  expect(summary).toMatchObject({ images: 3, predicted: 3, empty: null, confidences: [0.9, 0.5, 0.6] });
  expect(summary.classes.map(({ name, count }) => [name, count])).toEqual([['cat', 2], ['dog', 1]]);
  expect(summary.classes[0]!.confidence).toBeCloseTo(0.7, 12);
  expect(summary.classes[0]!.share).toBeCloseTo(2 / 3, 12);
  expect(summary.unsure.map(({ path }) => path)).toEqual(['b', 'c']);
});

it('objects are counted each, and images without one are told', () => {
  const summary = summarize([{ path: 'a', annotations: [{ class: 'car', confidence: 0.9 }, { class: 'car', confidence: 0.3 }] }, { path: 'b', annotations: [] }]);
  expect(summary).toMatchObject({ images: 2, predicted: 2, empty: 1, unsure: [{ path: 'a', class: 'car', confidence: 0.3 }] });
});

it('a result without lines has no classes', () => expect(summarize([])).toEqual({ images: 0, predicted: 0, empty: null, classes: [], confidences: [], unsure: [] }));

it('a file is unpacked, also when something on the way has done so', async () => {
  expect(await unpack(new Blob([gzipSync('{"path":"ä"}\n')]))).toBe('{"path":"ä"}\n');
  expect(await unpack(new Blob(['{"path":"b"}']))).toBe('{"path":"b"}');
});

it('filters come from the address', () => {
  expect(readPredictionsSearch({ state: 'running', new: true, version: 'v', model: 3, text: '' })).toEqual({ state: 'running', text: undefined, new: true, version: 'v', model: '3' });
  expect(readPredictionsSearch({ state: 'queued', new: 'yes' })).toEqual({ state: undefined, text: undefined, new: undefined, version: undefined, model: undefined });
  const prediction = { state: 'failed', model: 'small_cnn', framework: 'torchvision' } as const;
  expect(matchesPrediction(prediction, { text: 'DIGITS' }, ['digits v1'])).toBe(true);
  expect(matchesPrediction(prediction, { state: 'running' }, [])).toBe(false);
});
