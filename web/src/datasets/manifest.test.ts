import { expect, test } from 'vitest';
import { linesOf, ManifestFinder } from './manifest';

const pieces = (...texts: (string | Uint8Array)[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(typeof text === 'string' ? new TextEncoder().encode(text) : text);
      controller.close();
    },
  });

async function all(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of linesOf(stream)) lines.push(...batch);
  return lines;
}

test('lines are whole although they arrive in pieces', async () => {
  expect(await all(pieces('{"a":', '1}\n{"b"', ':2}\n\n{"c":3}'))).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
});

test('a letter that is cut in the middle stays one letter', async () => {
  const bytes = new TextEncoder().encode('강아지\n');
  expect(await all(pieces(bytes.slice(0, 4), bytes.slice(4)))).toEqual(['강아지']);
});

function finderOf(count: number, keep: number) {
  let opened = 0;
  const finder = new ManifestFinder(async function* () {
    opened++;
    for (let i = 0; i < count; i += 2) yield [i, i + 1].map((n) => JSON.stringify({ path: `img "${n}".png`, split: 'train', size: n }));
  }, keep);
  return { finder, opened: () => opened };
}

test('images are found in one pass while one goes forward', async () => {
  const { finder, opened } = finderOf(10, 100);
  expect((await finder.find('img "3".png'))?.size).toBe(3);
  expect((await finder.find('img "9".png'))?.size).toBe(9);
  expect((await finder.find('img "0".png'))?.size).toBe(0);
  expect(opened()).toBe(1);
});

test('an image that is not kept any more is found again from the beginning', async () => {
  const { finder, opened } = finderOf(10, 2);
  await finder.find('img "9".png');
  expect((await finder.find('img "1".png'))?.size).toBe(1);
  expect(opened()).toBe(2);
});

test('an image that the version does not have is not found', async () => {
  const { finder } = finderOf(4, 100);
  expect(await finder.find('other.png')).toBeNull();
  expect((await finder.find('img "2".png'))?.size).toBe(2);
});

test('calls at the same time do not take each other’s lines', async () => {
  const { finder, opened } = finderOf(10, 100);
  const found = await Promise.all([finder.find('img "8".png'), finder.find('img "1".png'), finder.find('img "5".png')]);
  expect(found.map((line) => line?.size)).toEqual([8, 1, 5]);
  expect(opened()).toBe(1);
});
