import { useInfiniteQuery } from '@tanstack/react-query';
import { SearchX } from 'lucide-react';
import { lazy, Suspense, useMemo, useRef } from 'react';
import { client } from '../api/client';
import { asProblem } from '../api/problem';
import type { LogLine, LogPage, TrainingJob } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { hasEnded } from './jobs';
import { joinPages, logQuery, type LogSearch } from './logSearch';
import { logWords } from './logWords';
import styles from './Job.module.css';

const LogView = lazy(() => import('../parts/virtual/LogView').then((module) => ({ default: module.LogView })));

const PAGE = 200;
const LIVE_PAUSE = 3000;

/** The lines of a log that the server finds, the last ones first; older ones come as one scrolls up. */
export function FoundLines({ job, search, height, onClear }: { job: TrainingJob; search: LogSearch; height: string; onClear: () => void }) {
  const words = useWords(logWords);
  const live = !hasEnded(job.state);
  const found = useInfiniteQuery({
    queryKey: ['log-search', job.id, logQuery(search)],
    queryFn: async ({ pageParam, signal }) => {
      const { data } = await client.GET('/api/v1/training/jobs/{id}/logs', { params: { path: { id: job.id }, query: { ...logQuery(search), last: true, limit: PAGE, ...(pageParam === null ? {} : { before: pageParam }) } }, signal });
      // The same address has a stream of text for those who ask for one.
      return data as LogPage;
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.previousCursor === null ? undefined : Number(page.previousCursor)),
    refetchInterval: live ? LIVE_PAUSE : false,
  });
  const known = useRef<ReadonlyMap<number, LogLine>>(new Map());
  const lines = useMemo(() => {
    const all = joinPages(found.data?.pages ?? [], known.current);
    known.current = new Map(all.map((line) => [line.id, line]));
    return all;
  }, [found.data]);
  if (found.isError && found.data === undefined) return <ErrorState error={asProblem(found.error)} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Skeleton lines={12} height={20} />;
  if (lines.length === 0) return <Empty icon={<SearchX />} title={words.none} action={<Button onClick={onClear}>{words.clear}</Button>}>{words.noneText}</Empty>;
  return (
    <>
      <p className={styles.muted} role="status">{words.found(number(lines.length), found.hasNextPage)}</p>
      <Suspense fallback={<Skeleton lines={12} height={20} />}>
        <LogView lines={lines} live={live} height={height} {...(search.find === undefined ? {} : { highlight: search.find.trim() })} onTop={() => { if (found.hasNextPage && !found.isFetching) void found.fetchNextPage(); }} />
      </Suspense>
    </>
  );
}
