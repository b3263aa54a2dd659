import { expect, test } from 'vitest';
import { findingsOf, Statistics, type CountedImage } from './statistics';

const image = (path: string, over: Partial<CountedImage> = {}): CountedImage => ({ path, sha256: path, width: 100, height: 50, size: 1, split: 'train', class: 'cat', ...over });
const figuresOf = (images: CountedImage[], classes: string[] = []) => {
  const statistics = new Statistics(classes);
  for (const each of images) statistics.add(each);
  return statistics.result();
};
const nothing = { unannotated: 0, refusedFiles: 0, refusedEntries: 0, classification: true, published: true };
const kinds = (...values: Parameters<typeof findingsOf>) => findingsOf(...values).map(({ kind }) => kind);

test('images are counted by class and split, also for a class that has none', () => {
  const { classes, splits } = figuresOf([image('a'), image('b', { split: 'val' }), image('c', { class: 'dog' })], ['cat', 'cow']);
  expect(splits).toEqual({ train: 2, val: 1, test: 0 });
  expect(classes.map(({ name, images, total }) => [name, images.train, images.val, total])).toEqual([['cat', 1, 1, 2], ['cow', 0, 0, 0], ['dog', 1, 0, 1]]);
});

test('an image with two objects of a class counts once as an image and twice as objects', () => {
  const { classes, objectsPerImage, boxSides } = figuresOf([image('a', { class: undefined, annotations: [{ class: 'car', box: [0, 0, 50, 25] }, { class: 'car', box: [0, 0, 100, 50] }] })]);
  expect(classes).toEqual([{ name: 'car', images: { train: 1, val: 0, test: 0 }, unsplit: 0, total: 1, objects: 2 }]);
  expect(objectsPerImage).toEqual([2]);
  expect(boxSides).toEqual([0.5, 1]);
});

test('copies with different classes are worse than copies', () => {
  const figures = figuresOf([image('a', { sha256: 'x' }), image('b', { sha256: 'x', class: 'dog' }), image('c', { sha256: 'y' }), image('d', { sha256: 'y' }), image('e')]);
  expect(figures.copies).toMatchObject({ files: 2, images: 4, different: 1 });
  const [worst] = findingsOf(figures, nothing);
  expect(worst).toMatchObject({ kind: 'contradicting', severity: 'bad', count: 1, paths: ['a = b (cat, dog)'] });
});

test('a class that misses a split is found only where there are splits', () => {
  const figures = figuresOf([image('a'), image('b', { class: 'dog', split: 'val' })]);
  expect(kinds(figures, nothing)).toEqual(expect.arrayContaining(['missingTrain', 'missingVal']));
  expect(kinds(figures, { ...nothing, published: false })).not.toContain('missingTrain');
});

test('an image without a class is unlabelled, an empty list of annotations says that there are no objects', () => {
  expect(kinds(figuresOf([image('a', { class: null })]), { ...nothing, published: false })).toContain('unlabelled');
  expect(kinds(figuresOf([image('a', { class: undefined, annotations: [] })]), { ...nothing, classification: false, published: false })).toEqual(['empty']);
});

test('small and long images, tiny boxes and lopsided classes are found', () => {
  const many = Array.from({ length: 200 }, (_, n) => image(`cat${n}`));
  const figures = figuresOf([...many, image('dog', { class: 'dog', width: 20, height: 90 }), image('box', { class: undefined, annotations: [{ class: 'cat', box: [0, 0, 3, 30] }] })]);
  expect(kinds(figures, { ...nothing, published: false })).toEqual(['rare', 'imbalance', 'tinyBoxes', 'small', 'extreme']);
  expect(findingsOf(figures, { ...nothing, published: false })[1]).toMatchObject({ count: 201, names: ['cat', 'dog'] });
});

test('only the first images are named', () => {
  const { small } = figuresOf(Array.from({ length: 50 }, (_, n) => image(`${n}`, { width: 8 })));
  expect(small.count).toBe(50);
  expect(small.first).toHaveLength(20);
});
