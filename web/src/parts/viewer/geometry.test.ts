import { describe, expect, it } from 'vitest';
import { boundsOf, clipBox, clipRing, distanceToRing, fit, fitBox, inRing, keepInside, pan, polygonArea, ringArea, toImage, toScreen, zoomAt } from './geometry';

const image = { width: 400, height: 200 };
const screen = { width: 800, height: 600 };

describe('views', () => {
  it('fit the whole image in the middle', () => {
    const view = fit(image, screen, 0);
    expect(view).toEqual({ scale: 2, x: 0, y: 100 });
    expect(fit({ width: 4, height: 4 }, screen, 0, 8).scale).toBe(8);
  });
  it('map to the screen and back', () => {
    const view = { scale: 2.5, x: -30, y: 12 };
    expect(toScreen(view, [10, 20])).toEqual([-5, 62]);
    const [x, y] = toImage(view, toScreen(view, [123.4, 56.7]));
    expect(x).toBeCloseTo(123.4, 10);
    expect(y).toBeCloseTo(56.7, 10);
  });
  it('zoom about a point, which stays where it is, and stop at the limits', () => {
    const view = fit(image, screen);
    const before = toImage(view, [200, 300]);
    const zoomed = zoomAt(view, 3, [200, 300], { min: 0.1, max: 40 });
    expect(toImage(zoomed, [200, 300])[0]).toBeCloseTo(before[0], 10);
    expect(toImage(zoomed, [200, 300])[1]).toBeCloseTo(before[1], 10);
    const most = zoomAt(view, 1e9, [200, 300], { min: 0.1, max: 40 });
    expect(most.scale).toBe(40);
    expect(toImage(most, [200, 300])[0]).toBeCloseTo(before[0], 10);
  });
  it('keep a rest of the image on the screen', () => {
    const gone = keepInside(pan({ scale: 1, x: 0, y: 0 }, -5000, 9000), image, screen, 48);
    expect(gone).toEqual({ scale: 1, x: 48 - 400, y: 600 - 48 });
    expect(keepInside({ scale: 1, x: 10, y: 20 }, image, screen)).toEqual({ scale: 1, x: 10, y: 20 });
  });
  it('bring a box into the middle', () => expect(toScreen(fitBox([100, 50, 40, 20], screen), [120, 60])).toEqual([400, 300]));
});

describe('rings', () => {
  const square = [0, 0, 10, 0, 10, 10, 0, 10];
  const arrow = [0, 0, 10, 0, 10, 10, 5, 3, 0, 10];
  it('have an area in either direction', () => {
    expect(ringArea(square)).toBe(100);
    expect(ringArea([0, 10, 10, 10, 10, 0, 0, 0])).toBe(100);
    expect(polygonArea([square, [20, 20, 22, 20, 20, 22]])).toBe(102);
  });
  it('contain what is inside and not what is in a notch', () => {
    expect(inRing(arrow, [5, 2])).toBe(true);
    expect(inRing(arrow, [5, 8])).toBe(false);
    expect(inRing(arrow, [-1, 5])).toBe(false);
  });
  it('have bounds and a distance', () => {
    expect(boundsOf([arrow])).toEqual([0, 0, 10, 10]);
    expect(boundsOf([])).toBeNull();
    expect(distanceToRing([5, -3], square)).toBe(3);
    expect(distanceToRing([13, 14], square)).toBe(5);
  });
  it('are clipped to the image', () => {
    expect(ringArea(clipRing([-10, -10, 10, -10, 10, 10, -10, 10], image))).toBe(100);
    expect(clipRing([-10, -10, -5, -10, -5, -5], image)).toEqual([]);
    expect(ringArea(clipRing([390, 190, 420, 190, 420, 230, 390, 230], image))).toBe(100);
    expect(ringArea(clipRing(square, image))).toBe(100);
  });
});

it('a box is clipped to the image', () => {
  expect(clipBox([-5, 190, 20, 20], image)).toEqual([0, 190, 15, 10]);
  expect(clipBox([400, 0, 5, 5], image)).toBeNull();
});
