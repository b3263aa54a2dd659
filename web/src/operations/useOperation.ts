import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../api/client';
import { watch } from '../api/events';
import type { Operation, OperationProgress } from '../api/schema';
import { hasEnded } from './operations';

/** One thing that happened to an operation. */
export type Happened = { id: number; type: string; data: Record<string, unknown> };

/** An operation that is kept up to date by its stream, with what happened to it. */
export function useOperation(operationId: string) {
  const queries = useQueryClient();
  const [events, setEvents] = useState<Happened[]>([]);
  const [connected, setConnected] = useState(true);
  const init = { params: { path: { id: operationId } } };
  // Behind a proxy that holds streams back, the pages of events bring no progress, so the operation is read as well.
  const query = api.useQuery('get', '/api/v1/operations/{id}', init, { refetchInterval: (one) => (one.state.data === undefined || hasEnded(one.state.data) ? false : 15_000) });
  const exists = query.data !== undefined;
  useEffect(() => {
    if (!exists) return undefined;
    const stop = new AbortController();
    const key = api.queryOptions('get', '/api/v1/operations/{id}', { params: { path: { id: operationId } } }).queryKey;
    setEvents([]);
    const take = (event: string, id: number | null, data: unknown): void => {
      if (event === 'progress') queries.setQueryData<Operation>(key, (before) => (before === undefined || hasEnded(before) ? before : { ...before, progress: data as OperationProgress }));
      else if (id !== null) setEvents((before) => (before.some((one) => one.id === id) ? before : [...before, { id, type: event, data: (data ?? {}) as Record<string, unknown> }]));
      if (event === 'state' || event === 'phase' || event === 'end') void queries.invalidateQueries({ queryKey: key });
      if (event === 'end') void queries.invalidateQueries({ queryKey: ['get', '/api/v1/operations/backups'] });
    };
    watch({ path: `/api/v1/operations/${operationId}/events`, signal: stop.signal, onEvent: ({ event, id, data }) => take(event, id, data), onConnection: setConnected }).catch(() => setConnected(false));
    return () => stop.abort();
  }, [exists, operationId, queries]);
  return { query, events, connected };
}
