import { useQueries } from '@tanstack/react-query';
import { api } from '../api/client';
import type { TrainingJob } from '../api/schema';
import { failedSince, jobsInterval } from '../projects/jobs';
import { isUnderWay } from '../training/jobs';

const PROJECTS = 12;
// No list that is read page by page has this limit: both would share an entry of the cache.
const JOBS = 19;
const DAYS = 7;

/** The newest jobs of the projects that changed last, because the API lists jobs by project. */
export function useOwnJobs() {
  const projects = api.useQuery('get', '/api/v1/projects', { params: { query: { sort: '-updatedAt', limit: PROJECTS } } });
  const lists = useQueries({
    queries: (projects.data?.items ?? []).map((project) => ({
      ...api.queryOptions('get', '/api/v1/training/jobs', { params: { query: { projectId: project.id, limit: JOBS } } }),
      refetchInterval: (query: { state: { data?: { items: TrainingJob[] } | undefined } }) => jobsInterval(query.state.data?.items),
    })),
  });
  const jobs = lists.flatMap((list) => list.data?.items ?? []);
  const names = new Map(projects.data?.items.map((project) => [project.id, project.name]));
  return {
    projects,
    isPending: projects.isPending || lists.some((list) => list.isPending),
    error: projects.error ?? lists.find((list) => list.isError && list.data === undefined)?.error ?? null,
    nameOf: (job: TrainingJob): string => names.get(job.projectId) ?? '',
    running: jobs.filter((job) => isUnderWay(job.state)).sort((one, other) => other.createdAt.localeCompare(one.createdAt)),
    failed: failedSince(jobs, Date.now() - DAYS * 86_400_000),
    /** Whether there are more projects than were looked at. */
    isPartial: projects.data?.nextCursor != null,
  };
}
