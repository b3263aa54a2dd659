import { toScreen, type Point, type Size, type View } from '../parts/viewer/geometry';

/** Left, top, width and height in pixels of the upright image. */
export type EditedBox = [x: number, y: number, width: number, height: number];

const rounded = (value: number): number => Math.round(value * 100) / 100;
const inside = (value: number, most: number): number => Math.max(0, Math.min(most, value));

/** The box between two points, in either direction, clipped to the image. */
export function boxBetween([ax, ay]: Point, [bx, by]: Point, image: Size): EditedBox {
  const [left, right] = [inside(Math.min(ax, bx), image.width), inside(Math.max(ax, bx), image.width)];
  const [top, bottom] = [inside(Math.min(ay, by), image.height), inside(Math.max(ay, by), image.height)];
  return [rounded(left), rounded(top), rounded(right - left), rounded(bottom - top)];
}

/** The box moved; it keeps its size and stays in the image. */
export function moved([x, y, width, height]: EditedBox, dx: number, dy: number, image: Size): EditedBox {
  return [rounded(inside(x + dx, image.width - width)), rounded(inside(y + dy, image.height - height)), width, height];
}

/** A corner or an edge of a box: −1 left or top, 1 right or bottom, 0 neither. */
export type Handle = readonly [x: -1 | 0 | 1, y: -1 | 0 | 1];
export const handles: readonly Handle[] = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]];

export const placeOfHandle = ([x, y, width, height]: EditedBox, [hx, hy]: Handle): Point => [x + (width * (hx + 1)) / 2, y + (height * (hy + 1)) / 2];

/** The handle within some screen pixels of a point of the screen; corners come before edges. */
export function handleAt(box: EditedBox, at: Point, view: View, tolerance = 8): Handle | null {
  const near = (handle: Handle): boolean => {
    const [x, y] = toScreen(view, placeOfHandle(box, handle));
    return Math.abs(x - at[0]) <= tolerance && Math.abs(y - at[1]) <= tolerance;
  };
  return handles.find(([x, y]) => x !== 0 && y !== 0 && near([x, y])) ?? handles.find(near) ?? null;
}

/** The box with one of its corners or edges at another place. It may be turned over. */
export function resized([x, y, width, height]: EditedBox, [hx, hy]: Handle, [tx, ty]: Point, image: Size): EditedBox {
  const [ax, bx] = hx === 0 ? [x, x + width] : hx < 0 ? [x + width, tx] : [x, tx];
  const [ay, by] = hy === 0 ? [y, y + height] : hy < 0 ? [y + height, ty] : [y, ty];
  return boxBetween([ax, ay], [bx, by], image);
}

export const cursorOf = ([x, y]: Handle): string => (x === 0 ? 'ns-resize' : y === 0 ? 'ew-resize' : x === y ? 'nwse-resize' : 'nesw-resize');
