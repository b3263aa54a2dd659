import { describe, expect, it } from 'vitest';
import { areaOf, onSpans, paint, readCounts, spanBounds, spansOf, writeCounts } from './rle';

describe('the text of runs', () => {
  // The same pairs as in the tests of the API.
  it.each([
    [[100], 'T3'],
    [[0, 100], '0T3'],
    [[6, 2, 2, 2, 8], '62206'],
    [[160, 2, 48, 2, 48, 2, 4738], 'P52`1000bb4'],
  ])('%j is %s', (counts, text) => {
    expect(readCounts(text)).toEqual(counts);
    expect(writeCounts(counts)).toBe(text);
  });
  it('holds long runs and falling lengths', () => {
    const counts = [0, 1, 12_000_000, 5, 3, 70_000, 1];
    expect(readCounts(writeCounts(counts))).toEqual(counts);
  });
  it('may also be a list', () => expect(readCounts([1, 2])).toEqual([1, 2]));
  it.each(['P', '!', 'oooo'])('is refused when damaged: %s', text => expect(() => readCounts(text)).toThrow(RangeError));
});

describe('spans', () => {
  // 4 high, 5 wide: two pixels in each of the columns 1 and 2.
  const spans = spansOf({ size: [4, 5], counts: '62206' });
  it('run down the columns', () => expect(spans).toEqual([{ x: 1, top: 2, bottom: 4 }, { x: 2, top: 2, bottom: 4 }]));
  it('of a run over several columns are one a column', () =>
    expect(spansOf({ size: [2, 3], counts: [1, 4, 1] })).toEqual([{ x: 0, top: 1, bottom: 2 }, { x: 1, top: 0, bottom: 2 }, { x: 2, top: 0, bottom: 1 }]));
  it('do not leave the image when the runs are too long', () => expect(areaOf(spansOf({ size: [2, 2], counts: [0, 99] }))).toBe(4));
  it('have an area, bounds and points', () => {
    expect(areaOf(spans)).toBe(4);
    expect(spanBounds(spans)).toEqual([1, 2, 2, 2]);
    expect(spanBounds([])).toBeNull();
    const on = [];
    for (let x = 0; x < 5; x++) for (let y = 0; y < 4; y++) if (onSpans(spans, [x + 0.5, y + 0.5])) on.push([x, y]);
    expect(on).toEqual([[1, 2], [1, 3], [2, 2], [2, 3]]);
  });
  it('are painted within their box', () => {
    const pixels = new Uint8ClampedArray(2 * 2 * 4);
    paint(spansOf({ size: [4, 5], counts: [7, 1, 3, 1, 8] }), [1, 2, 2, 2], pixels, [1, 2, 3, 4]);
    expect([...pixels]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 1, 2, 3, 4]);
  });
});
