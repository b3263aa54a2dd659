import { expect, test } from 'vitest';
import { boxBetween, handleAt, moved, resized } from './boxes';

const image = { width: 100, height: 50 };

test('a box that is drawn backwards and over the edge is clipped to the image', () => {
  expect(boxBetween([120, 40], [90.126, -5], image)).toEqual([90.13, 0, 9.87, 40]);
});

test('a box that is moved against the edge keeps its size', () => {
  expect(moved([80, 10, 15, 10], 50, -50, image)).toEqual([85, 0, 15, 10]);
});

test('a corner that is pulled over the opposite one turns the box over', () => {
  expect(resized([10, 10, 20, 20], [1, 1], [5, 12], image)).toEqual([5, 10, 5, 2]);
});

test('an edge moves in one direction only', () => {
  expect(resized([10, 10, 20, 20], [-1, 0], [4, 99], image)).toEqual([4, 10, 26, 20]);
});

test('a corner comes before the edges beside it', () => {
  const view = { scale: 2, x: 10, y: 0 };
  expect(handleAt([10, 10, 2, 20], [30, 20], view)).toEqual([-1, -1]);
  expect(handleAt([10, 10, 40, 20], [70, 21], view)).toEqual([0, -1]);
  expect(handleAt([10, 10, 40, 20], [70, 40], view)).toBeNull();
});
