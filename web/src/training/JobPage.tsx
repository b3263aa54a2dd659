import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useParams } from '@tanstack/react-router';
import { asProblem } from '../api/problem';
import type { TrainingJob } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { StatusIndicator } from '../parts/Badge';
import { Page } from '../parts/Page';
import { ErrorState, Skeleton } from '../parts/States';
import { LinkTabs } from '../parts/Tabs';
import { jobQuery, originOf, useVersions, versionName } from './data';
import { JobActions } from './JobActions';
import { hasEnded } from './jobs';
import styles from './Job.module.css';
import { JobStatus } from './JobStatus';
import { jobWords } from './jobWords';
import { StarButton } from './StarButton';
import { useJobFeed } from './useJobFeed';
import { trainingWords } from './words';

/** The job of the page that is shown, once its frame has loaded it. */
export function useJob(): TrainingJob | undefined {
  const { jobId } = useParams({ from: '/members/projects/$projectId/jobs/$jobId' });
  return useQuery(jobQuery(jobId)).data;
}

/** Name, state, actions and tabs of a job, around the page of one of them. It keeps the job fresh. */
export function JobPage() {
  const words = useWords(jobWords);
  const { projectId, jobId } = useParams({ from: '/members/projects/$projectId/jobs/$jobId' });
  const job = useQuery(jobQuery(jobId));
  const connected = useJobFeed(jobId, job.data !== undefined && !hasEnded(job.data.state));
  if (job.isError && job.data === undefined) return <ErrorState error={asProblem(job.error)} onRetry={() => void job.refetch()} />;
  if (job.data === undefined) return <Page title={words.overview} wide><Skeleton lines={6} height={36} /></Page>;
  const params = { projectId, jobId };
  return (
    <Page
      title={job.data.name} wide subtitle={<Subtitle job={job.data} />} actions={<JobActions job={job.data} />}
      badges={<><StarButton job={job.data} /><JobStatus state={job.data.state} />{connected !== null && !connected && <StatusIndicator tone="warn">{words.reconnecting}</StatusIndicator>}</>}
    >
      <LinkTabs
        label={words.parts}
        tabs={[
          { label: words.overview, to: '/projects/$projectId/jobs/$jobId', params, activeOptions: { exact: true, includeSearch: false } },
          { label: words.validation, to: '/projects/$projectId/jobs/$jobId/validation', params },
          { label: words.checkpoints, to: '/projects/$projectId/jobs/$jobId/checkpoints', params },
          { label: words.logs, to: '/projects/$projectId/jobs/$jobId/logs', params },
          { label: words.timeline, to: '/projects/$projectId/jobs/$jobId/timeline', params, count: job.data.attempts.length > 1 ? job.data.attempts.length : undefined },
          { label: words.configuration, to: '/projects/$projectId/jobs/$jobId/configuration', params },
        ]}
      />
      <Outlet />
    </Page>
  );
}

function Subtitle({ job }: { job: TrainingJob }) {
  const words = useWords(jobWords);
  const shared = useWords(trainingWords);
  const versions = useVersions(job.projectId);
  const origin = originOf(job);
  return (
    <span className={styles.subtitle}>
      <span>{shared.tasks[job.taskType]}</span>
      <span>{job.framework} / {job.model}</span>
      {versions.byId.has(job.datasetVersionId) && <span>{versionName(versions.byId.get(job.datasetVersionId))}</span>}
      {origin !== null && (
        <span>
          <Link to="/projects/$projectId/jobs/$jobId" params={{ projectId: job.projectId, jobId: origin.id }}>{origin.kind === 'clone' ? words.clonedFrom : words.restartedFrom} {origin.id.slice(0, 8)}</Link>
          {job.resumedFrom !== null && `, ${words.resumedAt(number(job.resumedFrom.epoch))}`}
        </span>
      )}
    </span>
  );
}
