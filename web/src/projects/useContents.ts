import { api } from '../api/client';
import { number } from '../app/format';
import { isUnderWay } from '../training/jobs';
import { jobsInterval } from './jobs';

// No list that is read page by page has this limit: both would share an entry of the cache.
const LIMIT = 49;

/** A count that ends at the first page: "50+". */
export const countText = (page: { items: unknown[]; nextCursor: string | null } | undefined): string | null =>
  page === undefined ? null : `${number(page.items.length)}${page.nextCursor === null ? '' : '+'}`;

/** The first page of each kind of thing in a project, newest first. Jobs are read again while some of them move. */
export function useContents(projectId: string, enabled = true) {
  const init = { params: { query: { projectId, limit: LIMIT } } };
  const datasets = api.useQuery('get', '/api/v1/datasets', init, { enabled });
  const jobs = api.useQuery('get', '/api/v1/training/jobs', init, { enabled, refetchInterval: (query) => jobsInterval(query.state.data?.items) });
  const models = api.useQuery('get', '/api/v1/models', init, { enabled });
  const deployments = api.useQuery('get', '/api/v1/deployments', init, { enabled });
  return { datasets, jobs, models, deployments, running: jobs.data?.items.filter((job) => isUnderWay(job.state)) };
}
