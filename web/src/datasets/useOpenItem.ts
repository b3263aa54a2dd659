import { useEffect, useState, useSyncExternalStore } from 'react';
import type { PagedItems } from '../parts/virtual';

/**
 * The item of a long list that is open, by its key. It is looked for page by page from the beginning, because the API does not say where it stands. What
 * is open stays while the list is loaded anew around it.
 * @param searched Items to look through at most.
 * @param onMissing It is not there; a stable function or one that may be called again.
 */
export function useOpenItem<T>(items: PagedItems<T>, key: string | undefined, keyOf: (item: T) => string, searched: number, onMissing: () => void): { item: T; index: number } | null {
  const version = useSyncExternalStore(items.subscribe, items.version);
  const [last, setLast] = useState<{ item: T; index: number } | null>(null);
  const isIt = (index: number): boolean => {
    const item = items.get(index);
    return item !== undefined && keyOf(item) === key;
  };
  let place: number | null = null;
  const near = last?.index ?? 0;
  for (const index of [near, near + 1, near - 1]) if (place === null && index >= 0 && isIt(index)) place = index;
  for (let index = 0; place === null && index < items.seen; index++) if (isIt(index)) place = index;
  const found = place === null ? null : { item: items.get(place)!, index: place };
  const current = found ?? (last !== null && keyOf(last.item) === key ? last : null);
  useEffect(() => {
    if (found !== null && (last?.item !== found.item || last.index !== found.index)) setLast(found);
  });
  useEffect(() => {
    if (key === undefined || current !== null || items.error !== null) return;
    if (items.count !== null || items.seen >= searched) onMissing();
    else items.want(items.seen, items.seen + 1);
  }, [key, current, items, version, searched, onMissing]);
  return current;
}
