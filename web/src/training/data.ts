import { useQueries } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { api } from '../api/client';
import type { Dataset, TrainingJob, Version } from '../api/schema';
import { hasEnded } from './jobs';

export type NamedVersion = { dataset: Dataset; version: Version };

/** The datasets of a project with their versions, by the id of the version. */
export function useVersions(projectId: string) {
  const datasets = api.useQuery('get', '/api/v1/datasets', { params: { query: { projectId, limit: 200 } } }, { staleTime: 60_000 });
  const lists = useQueries({
    queries: (datasets.data?.items ?? []).map((dataset) => ({
      ...api.queryOptions('get', '/api/v1/datasets/{id}/versions', { params: { path: { id: dataset.id }, query: { limit: 200 } } }),
      staleTime: 60_000,
    })),
    combine: (results) => ({ pages: results.map((result) => result.data), isPending: results.some((result) => result.isPending), error: results.find((result) => result.isError)?.error ?? null }),
  });
  const byId = useMemo(() => {
    const found = new Map<string, NamedVersion>();
    datasets.data?.items.forEach((dataset, index) => lists.pages[index]?.items.forEach((version) => found.set(version.id, { dataset, version })));
    return found;
  }, [datasets.data, lists.pages]);
  return { byId, datasets: datasets.data?.items ?? [], isPending: datasets.isPending || lists.isPending, error: datasets.error ?? lists.error, refetch: datasets.refetch };
}

/** "Digits v3"; empty until it is known, or when it was deleted. */
export const versionName = (named: NamedVersion | undefined): string => (named === undefined ? '' : `${named.dataset.name} v${named.version.number}`);

/** All jobs of a project, newest first, page after page. Asked again while one of them has not ended. */
export function useJobs(projectId: string) {
  const pages = api.useInfiniteQuery('get', '/api/v1/training/jobs', { params: { query: { projectId, limit: 200 } } }, {
    pageParamName: 'cursor',
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((job) => !hasEnded(job.state))) ? 4000 : 30_000),
  });
  const { hasNextPage, isFetching, fetchNextPage } = pages;
  // Filters and sort work on all jobs, not only on those of the first page.
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const jobs = useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]);
  return { jobs, pages };
}

export const jobQuery = (jobId: string) => api.queryOptions('get', '/api/v1/training/jobs/{id}', { params: { path: { id: jobId } } });
export const curvesQuery = (jobId: string) => api.queryOptions('get', '/api/v1/training/jobs/{id}/curves', { params: { path: { id: jobId } } });
export const checkpointsQuery = (jobId: string) => api.queryOptions('get', '/api/v1/training/jobs/{id}/checkpoints', { params: { path: { id: jobId }, query: { limit: 200 } } });

export const useTrainers = () => api.useQuery('get', '/api/v1/training/capabilities', {}, { staleTime: 60_000 });

/** The time, a new one each second while `running`. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

/** Jobs that a job came from and why, for a link beside its name. */
export const originOf = (job: TrainingJob): { id: string; kind: 'clone' | 'restart' } | null =>
  job.clonedFrom !== null ? { id: job.clonedFrom, kind: 'clone' } : job.restartedFrom !== null ? { id: job.restartedFrom, kind: 'restart' } : null;
