/** Pixels of the image, or of the screen; x to the right, y down. */
export type Point = readonly [x: number, y: number];

/** Left, top, width and height. */
export type Box = readonly [x: number, y: number, width: number, height: number];

export interface Size {
  width: number;
  height: number;
}

/** How image pixels lie on the screen: screen = image × scale + offset. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

/** The view that shows a whole image in the middle of the screen, at most `largest` screen pixels for one of the image. */
export function fit(image: Size, screen: Size, margin = 16, largest = 8): View {
  const scale = Math.max(1e-6, Math.min(largest, (screen.width - 2 * margin) / image.width, (screen.height - 2 * margin) / image.height));
  return { scale, x: (screen.width - image.width * scale) / 2, y: (screen.height - image.height * scale) / 2 };
}

/** The view that shows a part of the image, with room around it. */
export function fitBox([x, y, width, height]: Box, screen: Size, share = 0.6, largest = 8): View {
  const scale = Math.min(largest, (screen.width * share) / Math.max(1, width), (screen.height * share) / Math.max(1, height));
  return { scale, x: screen.width / 2 - (x + width / 2) * scale, y: screen.height / 2 - (y + height / 2) * scale };
}

export const toScreen = (view: View, [x, y]: Point): Point => [x * view.scale + view.x, y * view.scale + view.y];
export const toImage = (view: View, [x, y]: Point): Point => [(x - view.x) / view.scale, (y - view.y) / view.scale];

/** Zooms by a factor; the point of the image under `at` (on the screen) stays there. */
export function zoomAt(view: View, factor: number, at: Point, limits: { min: number; max: number }): View {
  const scale = Math.max(limits.min, Math.min(limits.max, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: at[0] - (at[0] - view.x) * ratio, y: at[1] - (at[1] - view.y) * ratio };
}

export const pan = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x + dx, y: view.y + dy });

/** Moves a view back so far that `rest` pixels of the image stay on the screen in each direction. */
export function keepInside(view: View, image: Size, screen: Size, rest = 48): View {
  const hold = (offset: number, length: number, room: number) => {
    const least = Math.min(rest, length, room);
    return Math.max(least - length, Math.min(room - least, offset));
  };
  return { scale: view.scale, x: hold(view.x, image.width * view.scale, screen.width), y: hold(view.y, image.height * view.scale, screen.height) };
}

/** Corners of a ring `x1, y1, x2, y2, …`. */
export function cornersOf(ring: readonly number[]): Point[] {
  const corners: Point[] = [];
  for (let i = 0; i + 1 < ring.length; i += 2) corners.push([ring[i]!, ring[i + 1]!]);
  return corners;
}

/** Area of a ring by the shoelace formula; positive in either direction. */
export function ringArea(ring: readonly number[]): number {
  let twice = 0;
  const n = ring.length - (ring.length % 2);
  for (let i = 0; i < n; i += 2) {
    const j = (i + 2) % n;
    twice += ring[i]! * ring[j + 1]! - ring[j]! * ring[i + 1]!;
  }
  return Math.abs(twice) / 2;
}

/** Sum of the areas of rings that do not overlap. */
export const polygonArea = (rings: readonly (readonly number[])[]): number => rings.reduce((sum, ring) => sum + ringArea(ring), 0);

/** Whether a point lies in a ring, by the even-odd rule. */
export function inRing(ring: readonly number[], [x, y]: Point): boolean {
  let inside = false;
  const n = ring.length - (ring.length % 2);
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const [xi, yi, xj, yj] = [ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

export const inBox = ([left, top, width, height]: Box, [x, y]: Point, tolerance = 0): boolean =>
  x >= left - tolerance && x <= left + width + tolerance && y >= top - tolerance && y <= top + height + tolerance;

/** Distance of a point to the line between two others. */
export function distanceToLine([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

/** Distance of a point to the outline of a ring. */
export function distanceToRing(point: Point, ring: readonly number[]): number {
  const corners = cornersOf(ring);
  return corners.reduce((best, corner, i) => Math.min(best, distanceToLine(point, corner, corners[(i + 1) % corners.length]!)), Infinity);
}

/** The smallest box around rings; null without points. */
export function boundsOf(rings: readonly (readonly number[])[]): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings)
    for (const [x, y] of cornersOf(ring)) [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  return left > right ? null : [left, top, right - left, bottom - top];
}

/** The part of a box inside the image; null when nothing is. */
export function clipBox([x, y, width, height]: Box, image: Size): Box | null {
  const [left, top] = [Math.max(0, x), Math.max(0, y)];
  const [right, bottom] = [Math.min(image.width, x + width), Math.min(image.height, y + height)];
  return right <= left || bottom <= top ? null : [left, top, right - left, bottom - top];
}

/** The part of a ring inside the image (Sutherland and Hodgman, 1974); empty when nothing is. */
export function clipRing(ring: readonly number[], image: Size): number[] {
  let points = cornersOf(ring);
  const cut = (inside: (p: Point) => boolean, cross: (a: Point, b: Point) => Point) => {
    const out: Point[] = [];
    points.forEach((to, i) => {
      const from = points[(i + points.length - 1) % points.length]!;
      if (inside(to) !== inside(from)) out.push(cross(from, to));
      if (inside(to)) out.push(to);
    });
    points = out;
  };
  const atX = (x: number) => ([ax, ay]: Point, [bx, by]: Point): Point => [x, ay + ((by - ay) * (x - ax)) / (bx - ax)];
  const atY = (y: number) => ([ax, ay]: Point, [bx, by]: Point): Point => [ax + ((bx - ax) * (y - ay)) / (by - ay), y];
  cut(p => p[0] >= 0, atX(0));
  cut(p => p[0] <= image.width, atX(image.width));
  cut(p => p[1] >= 0, atY(0));
  cut(p => p[1] <= image.height, atY(image.height));
  return points.length < 3 ? [] : points.flat();
}
