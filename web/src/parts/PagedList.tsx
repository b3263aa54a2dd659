import { keepPreviousData, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useWords } from '../app/words';
import { Button } from './Button';
import { ErrorState, Skeleton } from './States';
import styles from './PagedList.module.css';
import { partWords } from './words';

/** How lists of the API continue: `api.useInfiniteQuery('get', path, init, paged)`. A changed filter keeps the old rows until the new ones are there. */
export const paged = {
  pageParamName: 'cursor',
  // Null is left out of the request; without a value the library asks for the page 0.
  initialPageParam: null,
  getNextPageParam: (page: { nextCursor: string | null }): string | undefined => page.nextCursor ?? undefined,
  placeholderData: keepPreviousData,
};

/** A list of the API with its states: rows to come, an error, nothing, or the items and a button for the next page. */
export function PagedList<T>({ query, rows = 5, height = 40, empty, children }: {
  query: UseInfiniteQueryResult<InfiniteData<{ items: T[] }>, unknown>;
  /** Number and height of the grey rows that stand for the list while it loads. */
  rows?: number;
  height?: number;
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
}) {
  const words = useWords(partWords);
  if (query.isPending) return <div className={styles.waiting}><Skeleton lines={rows} height={height} /></div>;
  if (query.isError && query.data === undefined) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (items.length === 0) return empty;
  return (
    <div aria-busy={query.isPlaceholderData || undefined}>
      {children(items)}
      {query.hasNextPage && <div className={styles.more}><Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{words.more}</Button></div>}
    </div>
  );
}
