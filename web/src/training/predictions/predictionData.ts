import { useQueries } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { api } from '../../api/client';
import type { BatchPrediction, Model, ModelVersion } from '../../api/schema';
import { number } from '../../app/format';
import { useWords } from '../../app/words';
import { isUnderWay } from './predictions';
import { predictionWords } from './words';

const LIVE = 3000;

export const predictionQuery = (id: string) => api.queryOptions('get', '/api/v1/training/predictions/{id}', { params: { path: { id } } });
export const refetchWhile = (live: boolean): number | false => (live ? LIVE : false);

/** All predictions of a project, newest first. Asked again while one of them is under way. */
export function usePredictions(projectId: string) {
  const pages = api.useInfiniteQuery('get', '/api/v1/training/predictions', { params: { query: { projectId, limit: 200 } } }, {
    pageParamName: 'cursor',
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((one) => isUnderWay(one.state))) ? LIVE : 30_000),
  });
  const { hasNextPage, isFetching, fetchNextPage } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return { predictions: useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]), pages };
}

export type NamedModelVersion = { model: Model; version: ModelVersion };

/** The models of a project with their versions, newest first, by the id of the version. */
export function useModelVersions(projectId: string) {
  const models = api.useQuery('get', '/api/v1/models', { params: { query: { projectId, limit: 200 } } }, { staleTime: 60_000 });
  const lists = useQueries({
    queries: (models.data?.items ?? []).map((model) => ({ ...api.queryOptions('get', '/api/v1/models/{id}/versions', { params: { path: { id: model.id }, query: { limit: 200 } } }), staleTime: 60_000 })),
    combine: (results) => ({ pages: results.map((result) => result.data), isPending: results.some((result) => result.isPending), error: results.find((result) => result.isError)?.error ?? null }),
  });
  const byId = useMemo(() => {
    const found = new Map<string, NamedModelVersion>();
    models.data?.items.forEach((model, index) => lists.pages[index]?.items.forEach((version) => found.set(version.id, { model, version })));
    return found;
  }, [models.data, lists.pages]);
  return { byId, isPending: models.isPending || lists.isPending, error: models.error ?? lists.error, refetch: models.refetch };
}

/** Names the model of a prediction: a version, or the checkpoint of an epoch. */
export function useModelName(projectId: string): (prediction: BatchPrediction) => string {
  const words = useWords(predictionWords);
  const { byId } = useModelVersions(projectId);
  return (prediction) => {
    const named = prediction.modelVersionId === null ? undefined : byId.get(prediction.modelVersionId);
    return named === undefined ? words.checkpointOf(number(prediction.checkpointEpoch)) : words.versionOf(named.model.name, number(named.version.number));
  };
}
