import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { watch, type StreamEvent } from '../api/events';
import type { TrainingCurves } from '../api/schema';
import { checkpointsQuery, curvesQuery, jobQuery } from './data';
import { withEvents } from './jobEvents';

const PAUSE = 250;
const positionKey = (jobId: string): string => `job-events:${jobId}`;

/**
 * Keeps the queries of a job fresh while it has not ended, by its stream of events. After a reload it goes on where it stopped.
 * @returns Whether events arrive; null before the first connection and when nothing is watched.
 */
export function useJobFeed(jobId: string, active: boolean): boolean | null {
  const queries = useQueryClient();
  const [connected, setConnected] = useState<boolean | null>(null);
  useEffect(() => {
    if (!active) return;
    const stop = new AbortController();
    let waiting: StreamEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    // Many events arrive at once when a stream is read from its beginning.
    const flush = (): void => {
      timer = undefined;
      const events = waiting;
      waiting = [];
      queries.setQueryData(curvesQuery(jobId).queryKey, (before: TrainingCurves | undefined) => before && withEvents(before, events, new Date().toISOString()));
      const has = (...kinds: string[]): boolean => events.some((event) => kinds.includes(event.event));
      if (has('state', 'attempt', 'metrics', 'end')) void queries.invalidateQueries({ queryKey: jobQuery(jobId).queryKey });
      // A new attempt makes epochs of the one before invalid.
      if (has('attempt', 'end')) void queries.invalidateQueries({ queryKey: curvesQuery(jobId).queryKey });
      if (has('checkpoint', 'end')) void queries.invalidateQueries({ queryKey: checkpointsQuery(jobId).queryKey });
      const last = events.findLast((event) => event.id !== null)?.id;
      if (last != null) sessionStorage.setItem(positionKey(jobId), String(last));
    };
    void watch({
      path: `/api/v1/training/jobs/${jobId}/events`,
      after: Number(sessionStorage.getItem(positionKey(jobId)) ?? 0),
      signal: stop.signal,
      onConnection: setConnected,
      onEvent: (event) => {
        waiting.push(event);
        timer ??= setTimeout(flush, PAUSE);
      },
    }).catch(() => setConnected(false));
    return () => {
      stop.abort();
      clearTimeout(timer);
      setConnected(null);
    };
  }, [jobId, active, queries]);
  return connected;
}
