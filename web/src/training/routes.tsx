import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '../projects/routes';
import { readJobsSearch } from './jobs';
import { readLogSearch } from './logSearch';
import { readComparisonSearch, readPredictionSearch, readPredictionsSearch } from './predictions/search';
import { readSweepsSearch } from './sweeps/search';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** `epoch`: the one that is shown in detail, the best one without; `split`: the images that were measured, val without. */
const readValidationSearch = (search: Record<string, unknown>): { epoch?: number | undefined; split?: 'val' | 'test' | undefined } => ({
  epoch: typeof search.epoch === 'number' && Number.isInteger(search.epoch) ? search.epoch : undefined,
  split: search.split === 'test' ? 'test' : undefined,
});

/** One job: its header, and its tabs as child routes. */
const jobRoute = createRoute({ getParentRoute: () => projectRoute, path: '/jobs/$jobId', component: lazyRouteComponent(() => import('./JobPage'), 'JobPage') });

export const trainingRoutes = {
  members: [] as const,
  project: [
    createRoute({ getParentRoute: () => projectRoute, path: '/jobs', validateSearch: readJobsSearch, component: lazyRouteComponent(() => import('./JobsPage'), 'JobsPage') }),
    createRoute({
      getParentRoute: () => projectRoute,
      path: '/jobs/new',
      /** `from`: job to clone; `checkpoint`: its checkpoint to go on from, as attempt-epoch; `suggested`: with the change that its failure names. */
      validateSearch: (search: Record<string, unknown>): { version?: string | undefined; from?: string | undefined; checkpoint?: string | undefined; suggested?: boolean | undefined } => ({
        version: text(search.version), from: text(search.from),
        checkpoint: text(search.checkpoint), suggested: search.suggested === true || undefined,
      }),
      component: lazyRouteComponent(() => import('./NewJobPage'), 'NewJobPage'),
    }),
    jobRoute.addChildren([
      createRoute({ getParentRoute: () => jobRoute, path: '/', validateSearch: (search: Record<string, unknown>): { metrics?: string | undefined } => ({ metrics: text(search.metrics) }), component: lazyRouteComponent(() => import('./JobOverview'), 'JobOverview') }),
      createRoute({ getParentRoute: () => jobRoute, path: '/validation', validateSearch: readValidationSearch, component: lazyRouteComponent(() => import('./JobValidation'), 'JobValidation') }),
      createRoute({ getParentRoute: () => jobRoute, path: '/checkpoints', component: lazyRouteComponent(() => import('./JobCheckpoints'), 'JobCheckpoints') }),
      createRoute({ getParentRoute: () => jobRoute, path: '/logs', validateSearch: readLogSearch, component: lazyRouteComponent(() => import('./JobLogs'), 'JobLogs') }),
      createRoute({ getParentRoute: () => jobRoute, path: '/timeline', component: lazyRouteComponent(() => import('./JobTimeline'), 'JobTimeline') }),
      createRoute({ getParentRoute: () => jobRoute, path: '/configuration', component: lazyRouteComponent(() => import('./JobConfiguration'), 'JobConfiguration') }),
    ]),
    createRoute({ getParentRoute: () => projectRoute, path: '/sweeps', validateSearch: readSweepsSearch, component: lazyRouteComponent(() => import('./sweeps/SweepsPage'), 'SweepsPage') }),
    createRoute({
      getParentRoute: () => projectRoute,
      path: '/sweeps/new',
      validateSearch: (search: Record<string, unknown>): { version?: string | undefined } => ({ version: text(search.version) }),
      component: lazyRouteComponent(() => import('./sweeps/NewSweepPage'), 'NewSweepPage'),
    }),
    createRoute({
      getParentRoute: () => projectRoute,
      path: '/sweeps/$sweepId',
      validateSearch: (search: Record<string, unknown>): { sort?: string | undefined } => ({ sort: text(search.sort) }),
      component: lazyRouteComponent(() => import('./sweeps/SweepPage'), 'SweepPage'),
    }),
    createRoute({ getParentRoute: () => projectRoute, path: '/predictions', validateSearch: readPredictionsSearch, component: lazyRouteComponent(() => import('./predictions/PredictionsPage'), 'PredictionsPage') }),
    createRoute({ getParentRoute: () => projectRoute, path: '/predictions/$predictionId', validateSearch: readPredictionSearch, component: lazyRouteComponent(() => import('./predictions/PredictionPage'), 'PredictionPage') }),
    createRoute({ getParentRoute: () => projectRoute, path: '/predictions/$predictionId/compare', validateSearch: readComparisonSearch, component: lazyRouteComponent(() => import('./predictions/PredictionComparePage'), 'PredictionComparePage') }),
    createRoute({
      getParentRoute: () => projectRoute,
      path: '/compare',
      validateSearch: (search: Record<string, unknown>): { jobs?: string | undefined; metrics?: string | undefined; all?: boolean | undefined } => ({ jobs: text(search.jobs), metrics: text(search.metrics), all: search.all === true || undefined }),
      component: lazyRouteComponent(() => import('./ComparePage'), 'ComparePage'),
    }),
  ] as const,
};
