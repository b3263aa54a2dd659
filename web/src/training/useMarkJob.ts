import { useMutation, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { client } from '../api/client';
import type { TrainingJob, TrainingJobMarks, TrainingJobPage } from '../api/schema';
import { jobQuery } from './data';

/** Changes star, notes or tags of a job. What is shown changes at once and goes back when the server refuses. */
export function useMarkJob(job: TrainingJob) {
  const queries = useQueryClient();
  const show = (change: Partial<TrainingJobMarks>): void => {
    const changed = (one: TrainingJob): TrainingJob => (one.id === job.id ? { ...one, ...change } : one);
    queries.setQueryData(jobQuery(job.id).queryKey, (before: TrainingJob | undefined) => before && changed(before));
    queries.setQueriesData<InfiniteData<TrainingJobPage>>({ queryKey: ['get', '/api/v1/training/jobs'], predicate: ({ state }) => typeof state.data === 'object' && state.data !== null && 'pages' in state.data }, (before) =>
      before && { ...before, pages: before.pages.map((page) => ({ ...page, items: page.items.map(changed) })) });
  };
  return useMutation({
    mutationFn: async (change: Partial<TrainingJobMarks>) => {
      const path = { params: { path: { id: job.id } } };
      // All marks are written together; those that others have changed meanwhile stay.
      const { data: fresh } = await client.GET('/api/v1/training/jobs/{id}', path);
      const { data } = await client.PUT('/api/v1/training/jobs/{id}/marks', { ...path, body: { starred: fresh!.starred, notes: fresh!.notes, tags: fresh!.tags, ...change } });
      return data!;
    },
    onMutate: (change) => show(change),
    onSuccess: ({ starred, notes, tags }) => show({ starred, notes, tags }),
    onError: (_error, change) => show(Object.fromEntries(Object.keys(change).map((name) => [name, job[name as keyof TrainingJobMarks]]))),
  });
}
