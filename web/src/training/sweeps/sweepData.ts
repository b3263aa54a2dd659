import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { api } from '../../api/client';
import { watch } from '../../api/events';
import type { Sweep } from '../../api/schema';

const all = { pageParamName: 'cursor', initialPageParam: null, getNextPageParam: (page: { nextCursor: string | null }): string | undefined => page.nextCursor ?? undefined };

export const sweepQuery = (sweepId: string) => api.queryOptions('get', '/api/v1/training/sweeps/{id}', { params: { path: { id: sweepId } } });

/** All sweeps of a project, newest first. Asked again while one of them runs. */
export function useSweeps(projectId: string) {
  const pages = api.useInfiniteQuery('get', '/api/v1/training/sweeps', { params: { query: { projectId, limit: 200 } } }, {
    ...all,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((sweep) => sweep.state === 'running')) ? 4000 : 30_000),
  });
  useAllPages(pages);
  return { sweeps: useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]), pages };
}

/** All runs of a sweep, in the order of rounds and configurations. */
export function useRuns(sweepId: string, live: boolean) {
  const pages = api.useInfiniteQuery('get', '/api/v1/training/sweeps/{id}/runs', { params: { path: { id: sweepId }, query: { limit: 200 } } }, { ...all, refetchInterval: live ? 4000 : false });
  useAllPages(pages);
  return { runs: useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]), pages };
}

function useAllPages({ hasNextPage, isFetching, fetchNextPage }: { hasNextPage: boolean; isFetching: boolean; fetchNextPage: () => Promise<unknown> }): void {
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
}

/**
 * Keeps a sweep and its runs fresh while it runs, by its stream of events.
 * @returns Whether events arrive; null before the first connection and when nothing is watched.
 */
export function useSweepFeed(sweepId: string, active: boolean): boolean | null {
  const queries = useQueryClient();
  const [connected, setConnected] = useState<boolean | null>(null);
  useEffect(() => {
    if (!active) return;
    const stop = new AbortController();
    void watch({
      path: `/api/v1/training/sweeps/${sweepId}/events`,
      signal: stop.signal,
      onConnection: setConnected,
      onEvent: ({ event, data }) => {
        if (event === 'sweep') queries.setQueryData(sweepQuery(sweepId).queryKey, data as Sweep);
        else if (event === 'end') void queries.invalidateQueries({ queryKey: sweepQuery(sweepId).queryKey });
        void queries.invalidateQueries({ queryKey: ['get', '/api/v1/training/sweeps/{id}/runs'] });
      },
    }).catch(() => setConnected(false));
    return () => {
      stop.abort();
      setConnected(null);
    };
  }, [sweepId, active, queries]);
  return connected;
}
