import { describe, expect, it, vi } from 'vitest';
import { PagedItems, type Page } from './pagedItems';

const settle = async () => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

/** A list of numbers in pages of ten; the cursor is the index. */
function list(length: number) {
  const asked: (string | null)[] = [];
  const load = vi.fn(async (cursor: string | null): Promise<Page<number>> => {
    asked.push(cursor);
    const from = Number(cursor ?? 0);
    const to = Math.min(length, from + 10);
    return { items: Array.from({ length: to - from }, (_, i) => from + i), nextCursor: to < length ? `${to}` : null };
  });
  return { load, asked };
}

describe('a list in pages', () => {
  it('loads only what is looked at', async () => {
    const { load, asked } = list(95);
    const items = new PagedItems(load);
    items.want(0, 15);
    await settle();
    expect(asked).toEqual([null, '10']);
    expect([items.get(0), items.get(14), items.get(25)]).toEqual([0, 14, undefined]);
    expect([items.seen, items.count]).toEqual([20, null]);
  });
  it('loads what comes before a far place, and knows its length at the end', async () => {
    const { load, asked } = list(95);
    const items = new PagedItems(load);
    items.want(90, 99);
    await settle();
    expect(asked).toHaveLength(10);
    expect(items.get(94)).toBe(94);
    expect(items.count).toBe(95);
    items.want(90, 200);
    await settle();
    expect(asked).toHaveLength(10);
  });
  it('stops on the way to a place that is not looked at any more', async () => {
    const { load, asked } = list(1000);
    const items = new PagedItems(load);
    items.want(900, 910);
    await Promise.resolve();
    items.want(0, 10);
    await settle();
    expect(asked.length).toBeLessThan(4);
  });
  it('drops pages that were not looked at for long, and loads them again by their cursor', async () => {
    const { load, asked } = list(100);
    const items = new PagedItems(load, 3);
    items.want(95, 100);
    await settle();
    expect(items.get(5)).toBeUndefined();
    asked.length = 0;
    items.want(50, 60);
    await settle();
    expect(asked).toEqual(['50']);
    expect(items.get(55)).toBe(55);
  });
  it('loads a page again whose addresses have expired', async () => {
    const { load, asked } = list(10);
    let now = 0;
    const items = new PagedItems(load, 3, 1000, () => now);
    items.want(0, 5);
    await settle();
    now = 2000;
    items.want(0, 5);
    expect(items.get(3)).toBe(3);
    await settle();
    expect(asked).toEqual([null, null]);
    expect(items.count).toBe(10);
  });
  it('asks once for a page, tells of a failure and tries again when told', async () => {
    const { load } = list(30);
    load.mockRejectedValueOnce(new Error('away'));
    const items = new PagedItems(load);
    const heard = vi.fn();
    items.subscribe(heard);
    items.want(0, 5);
    items.want(0, 5);
    await settle();
    expect(load).toHaveBeenCalledTimes(1);
    expect(items.error).toEqual(new Error('away'));
    items.want(0, 5);
    expect(load).toHaveBeenCalledTimes(1);
    items.retry();
    await settle();
    expect(items.get(0)).toBe(0);
    expect(items.error).toBeNull();
    expect(heard).toHaveBeenCalled();
  });
  it('of an empty list is empty', async () => {
    const items = new PagedItems(list(0).load);
    items.want(0, 50);
    await settle();
    expect(items.count).toBe(0);
    expect(items.get(0)).toBeUndefined();
  });
});
