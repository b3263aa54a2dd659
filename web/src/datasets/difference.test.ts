import { expect, test } from 'vitest';
import { classChanges, compareVersions } from './difference';
import type { ManifestLine } from './manifest';

const line = (path: string, over: Partial<ManifestLine> = {}): ManifestLine => ({ path, size: 1, sha256: path, width: 8, height: 8, split: 'train', class: 'cat', ...over });
async function* batches(...lines: ManifestLine[]): AsyncGenerator<ManifestLine[]> {
  for (const each of lines) yield [each];
}

test('added, removed, moved, replaced and relabelled images are told apart', async () => {
  const found = await compareVersions(
    batches(line('same'), line('gone'), line('moved'), line('new content'), line('other class'), line('moved and relabelled')),
    batches(line('same'), line('new'), line('moved', { split: 'val' }), line('new content', { sha256: 'x' }), line('other class', { class: 'dog' }), line('moved and relabelled', { split: 'test', class: 'dog' })),
  );
  expect(found.counts).toEqual({ added: 1, removed: 1, moved: 2, replaced: 1, relabelled: 2 });
  expect(found.unchanged).toBe(1);
  expect(found.moves).toEqual({ 'train>val': 1, 'train>test': 1 });
  expect(found.first.removed).toEqual([{ path: 'gone', before: { split: 'train', label: 'cat' } }]);
  expect(found.first.relabelled[0]).toEqual({ path: 'other class', before: { split: 'train', label: 'cat' }, after: { split: 'train', label: 'dog' } });
});

test('changed annotations are a change, equal ones are none', async () => {
  const box = (x: number): ManifestLine => ({ path: 'a', size: 1, sha256: 'a', width: 8, height: 8, split: 'train', annotations: [{ class: 'cat', box: [x, 0, 2, 2] }] });
  expect((await compareVersions(batches(box(1)), batches(box(1)))).unchanged).toBe(1);
  const moved = await compareVersions(batches(box(1)), batches(box(2)));
  expect(moved.counts.relabelled).toBe(1);
  expect(moved.first.relabelled[0]!.after).toEqual({ split: 'train', label: '1' });
});

test('only the first images of a kind are listed, all are counted', async () => {
  const found = await compareVersions(batches(), batches(...Array.from({ length: 10 }, (_, n) => line(`${n}`))), 3);
  expect(found.counts.added).toBe(10);
  expect(found.first.added).toHaveLength(3);
});

test('classes of either version are listed, the largest change first', () => {
  expect(classChanges([{ name: 'cat', imageCount: 5 }, { name: 'cow', imageCount: 2 }], [{ name: 'cat', imageCount: 6 }, { name: 'dog', imageCount: 9 }])).toEqual([
    { name: 'dog', before: 0, after: 9 }, { name: 'cow', before: 2, after: 0 }, { name: 'cat', before: 5, after: 6 },
  ]);
});
