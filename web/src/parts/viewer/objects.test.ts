import { expect, it } from 'vitest';
import { shapeAt, shapeOf } from './objects';

const big = shapeOf('big', { class: 'car', box: [0, 0, 100, 100] }, false);
const small = shapeOf('small', { class: 'wheel', box: [40, 40, 10, 10] }, false);
const hollow = shapeOf('hollow', { class: 'ring', box: [0, 0, 100, 100], polygons: [[0, 0, 100, 0, 100, 10, 0, 10]] }, true);
const mask = shapeOf('mask', { class: 'm', box: [0, 0, 5, 4], rle: { size: [4, 5], counts: '62206' } }, true);
const person = shapeOf('person', { class: 'p', box: [200, 200, 10, 10], keypoints: [[230, 200, 2], [0, 0, 0]] }, false);

it('the smallest object at a point is the one pointed at', () => {
  expect(shapeAt([small, big], [45, 45], 1)?.id).toBe('small');
  expect(shapeAt([small, big], [10, 50], 1)?.id).toBe('big');
  expect(shapeAt([small, big], [300, 10], 1)).toBeNull();
});
it('of equal objects the one above is pointed at', () => expect(shapeAt([big, { ...big, id: 'above' }], [10, 10], 1)?.id).toBe('above'));
it('a polygon is hit on its outline, not anywhere in its box', () => {
  expect(shapeAt([hollow], [50, 12], 3)?.id).toBe('hollow');
  expect(shapeAt([hollow], [50, 50], 3)).toBeNull();
});
it('a mask is hit on its pixels', () => {
  expect(shapeAt([mask], [1.5, 2.5], 1)?.id).toBe('mask');
  expect(shapeAt([mask], [3.5, 2.5], 1)).toBeNull();
});
it('a keypoint is hit outside the box, one that is not labelled never', () => {
  expect(shapeAt([person], [231, 201], 2)?.id).toBe('person');
  expect(shapeAt([person], [0, 0], 2)).toBeNull();
});
it('a damaged mask leaves the box', () => expect(shapeAt([shapeOf('x', { class: 'x', box: [0, 0, 10, 10], rle: { size: [9, 9], counts: '!' } }, false)], [5, 5], 1)?.id).toBe('x'));
it('without a box the outline gives it', () => expect(shapeOf('x', { class: 'x', box: [], polygons: [[1, 2, 5, 2, 5, 8]] }, false).box).toEqual([1, 2, 4, 6]));
