import type { Box, Point } from './geometry';

/** A mask as COCO writes it: runs of 0 and 1 in turn, column by column, as a list or as text. */
export interface Rle {
  size: readonly number[];
  counts: string | readonly number[];
}

/** A stretch of a column that the mask covers: from `top` to before `bottom`. */
export interface Span {
  x: number;
  top: number;
  bottom: number;
}

/**
 * Lengths of the runs from COCO's text (`rleFrString` of cocoapi/common/maskApi.c): five bits a character from '0' on, the sixth says that more follow, the sign is
 * extended, and from the fourth run on the length two runs before is added.
 * @throws RangeError when the text ends within a number or has a character of no meaning.
 */
export function readCounts(counts: Rle['counts']): number[] {
  if (typeof counts !== 'string') return [...counts];
  const out: number[] = [];
  let i = 0;
  while (i < counts.length) {
    let [value, shift, more] = [0, 0, true];
    while (more) {
      const bits = counts.charCodeAt(i++) - 48;
      if (!(bits >= 0 && bits < 64)) throw new RangeError('The mask is damaged.');
      value |= (bits & 31) << shift;
      shift += 5;
      more = (bits & 32) !== 0;
      if (!more && (bits & 16) !== 0 && shift < 32) value |= -1 << shift;
    }
    out.push(out.length > 2 ? value + out[out.length - 2]! : value);
  }
  return out;
}

/** COCO's text of runs; the inverse of {@link readCounts}. */
export function writeCounts(counts: readonly number[]): string {
  let text = '';
  counts.forEach((count, i) => {
    let value = i > 2 ? count - counts[i - 2]! : count;
    let more = true;
    while (more) {
      let bits = value & 31;
      value >>= 5;
      more = bits & 16 ? value !== -1 : value !== 0;
      if (more) bits |= 32;
      text += String.fromCharCode(bits + 48);
    }
  });
  return text;
}

/** What a mask covers, as stretches of columns from left to right and from top to bottom. */
export function spansOf(rle: Rle): Span[] {
  const height = rle.size[0]!;
  const end = height * rle.size[1]!;
  const spans: Span[] = [];
  let at = 0;
  readCounts(rle.counts).forEach((length, i) => {
    if (i % 2 === 1) {
      const last = Math.min(at + length, end);
      for (let from = at; from < last; ) {
        const x = Math.floor(from / height);
        const to = Math.min(last, (x + 1) * height);
        spans.push({ x, top: from - x * height, bottom: to - x * height });
        from = to;
      }
    }
    at += length;
  });
  return spans;
}

/** Pixels that the spans cover. */
export const areaOf = (spans: readonly Span[]): number => spans.reduce((sum, span) => sum + span.bottom - span.top, 0);

/** The smallest box around the spans; null without any. */
export function spanBounds(spans: readonly Span[]): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const span of spans) [left, top, right, bottom] = [Math.min(left, span.x), Math.min(top, span.top), Math.max(right, span.x + 1), Math.max(bottom, span.bottom)];
  return left > right ? null : [left, top, right - left, bottom - top];
}

/** Whether a point of the image lies on the mask. */
export function onSpans(spans: readonly Span[], [px, py]: Point): boolean {
  const [x, y] = [Math.floor(px), Math.floor(py)];
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const span = spans[middle]!;
    if (span.x < x || (span.x === x && span.bottom <= y)) low = middle + 1;
    else high = middle;
  }
  const span = spans[low];
  return span !== undefined && span.x === x && span.top <= y && y < span.bottom;
}

/** Writes the spans into the pixels of a picture of their box, in one colour: red, green, blue and alpha from 0 to 255. */
export function paint(spans: readonly Span[], [left, top, width]: Box, pixels: Uint8ClampedArray, colour: readonly [number, number, number, number]): void {
  for (const span of spans)
    for (let y = span.top; y < span.bottom; y++) {
      const at = ((y - top) * width + span.x - left) * 4;
      [pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]] = colour as [number, number, number, number];
    }
}
