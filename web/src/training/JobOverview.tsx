import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Box, LineChart, PackageOpen } from 'lucide-react';
import { lazy, Suspense, useMemo } from 'react';
import { asProblem } from '../api/problem';
import type { TrainingJob } from '../api/schema';
import { dateTime, duration, metric, number } from '../app/format';
import { useWords } from '../app/words';
import { ButtonLink } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { Card, Facts, Row, Stack } from '../parts/Page';
import { Progress } from '../parts/Progress';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { curvesQuery, useNow, useTrainers, useVersions, versionName } from './data';
import { FailureCard } from './FailureCard';
import { secondsPerEpoch } from './jobCurves';
import { hasEnded, progressOf, secondsOf, bestOf } from './jobs';
import styles from './Job.module.css';
import { useJob } from './JobPage';
import { jobWords } from './jobWords';
import { MarksCard } from './MarksCard';
import { trainingWords } from './words';

const CurvesCard = lazy(() => import('./CurvesCard').then((module) => ({ default: module.CurvesCard })));
const MetricsPanel = lazy(() => import('./MetricsPanel').then((module) => ({ default: module.MetricsPanel })));

/** How the job stands: its state and what to do, progress, failure, curves, figures. */
export function JobOverview() {
  const words = useWords(jobWords);
  const job = useJob();
  const { metrics } = useSearch({ from: '/members/projects/$projectId/jobs/$jobId/' });
  const navigate = useNavigate();
  const curves = useQuery({ ...curvesQuery(job?.id ?? ''), enabled: job !== undefined });
  // New epochs come as events, which do not say which one is the best; the job does.
  const current = useMemo(() => curves.data && { ...curves.data, bestEpoch: job?.bestEpoch ?? null, bestMetrics: job?.bestMetrics ?? null }, [curves.data, job?.bestEpoch, job?.bestMetrics]);
  if (job === undefined) return <Skeleton lines={5} height={32} />;
  const skeleton = <div className={styles.charts}>{[0, 1].map((chart) => <Skeleton key={chart} lines={1} height={260} />)}</div>;
  return (
    <Stack gap={5}>
      {job.error !== null && <FailureCard job={job} failure={job.error} />}
      <Standing job={job} epochSeconds={curves.data === undefined ? null : secondsPerEpoch(curves.data)} />
      <MarksCard job={job} />
      {job.warnings.length > 0 && (
        <Card title={words.warnings}><ul className={styles.warnings}>{job.warnings.map((warning) => <li key={warning.kind + warning.message}>{warning.message}</li>)}</ul></Card>
      )}
      {curves.isError && curves.data === undefined ? <ErrorState error={asProblem(curves.error)} onRetry={() => void curves.refetch()} />
        : current === undefined ? <Card title={words.curves}>{skeleton}</Card>
        : current.points.length === 0
          ? <Card title={words.curves}><Empty icon={<LineChart />} title={hasEnded(job.state) ? words.noMetricsEver : words.noMetrics}>{hasEnded(job.state) ? words.noMetricsEnded : words.noMetricsText}</Empty></Card>
          : (
            <Suspense fallback={<Card title={words.curves}>{skeleton}</Card>}>
              <CurvesCard
                curves={current} chosen={metrics}
                onChoose={(next) => void navigate({ to: '/projects/$projectId/jobs/$jobId', params: { projectId: job.projectId, jobId: job.id }, search: { metrics: next }, replace: true, resetScroll: false })}
              />
              <MetricsPanel curves={current} />
            </Suspense>
          )}
      <About job={job} />
    </Stack>
  );
}

/** The state with its reason and what to do, the progress and the figures of the moment. */
function Standing({ job, epochSeconds }: { job: TrainingJob; epochSeconds: number | null }) {
  const words = useWords(jobWords);
  const shared = useWords(trainingWords);
  const trainers = useTrainers();
  const ended = hasEnded(job.state);
  const now = useNow(!ended && job.startedAt !== null);
  const seconds = secondsOf(job, now);
  const offline = !ended && job.state !== 'finalizing' && trainers.data?.items.find((trainer) => trainer.framework === job.framework)?.state === 'offline';
  const attempt = job.attempts.at(-1);
  const before = job.attempts.at(-2);
  const why = before?.error?.message;
  return (
    <Card>
      <div className={styles.state}>
        {job.error === null && <p className={styles.reason} role="status">{offline ? words.offline(job.framework) : words.reasons[job.state]}</p>}
        {attempt !== undefined && why !== undefined && (
          <p className={styles.reason}>{attempt.resumedFromEpoch === null ? words.retriedAnew(number(attempt.number), why) : words.retried(number(attempt.number), number(attempt.resumedFromEpoch), why)}</p>
        )}
        <Progress value={progressOf(job)} label={shared.progress} tone={job.state === 'failed' ? 'bad' : job.state === 'completed' ? 'good' : 'accent'} />
        <dl className={styles.figures}>
          <div><dt>{words.epoch}</dt><dd>{job.totalEpochs === null ? number(job.currentEpoch) : `${number(job.currentEpoch)} / ${number(job.totalEpochs)}`}</dd></div>
          <div><dt>{shared.best}: {job.primaryMetric}</dt><dd>{metric(bestOf(job))}{job.bestEpoch !== null && <small> {words.atEpoch(number(job.bestEpoch))}</small>}</dd></div>
          <div><dt>{words.elapsed}</dt><dd>{seconds === null ? '–' : duration(seconds)}</dd></div>
          {!ended && <div><dt>{words.eta}</dt><dd>{job.etaSeconds === null ? '–' : duration(job.etaSeconds)}</dd></div>}
          <div><dt>{words.perEpoch}</dt><dd>{epochSeconds === null ? '–' : epochSeconds < 10 ? `${number(epochSeconds, 1)} s` : duration(epochSeconds)}</dd></div>
        </dl>
        {job.modelId !== null && (
          <Row>
            <ButtonLink look="primary" icon={<Box />} to="/projects/$projectId/models/$modelId" params={{ projectId: job.projectId, modelId: job.modelId }}>{words.openModel}</ButtonLink>
            <ButtonLink icon={<PackageOpen />} to="/projects/$projectId/exports" params={{ projectId: job.projectId }}>{words.exportModel}</ButtonLink>
          </Row>
        )}
      </div>
    </Card>
  );
}

function About({ job }: { job: TrainingJob }) {
  const words = useWords(jobWords);
  const shared = useWords(trainingWords);
  const versions = useVersions(job.projectId);
  return (
    <Card title={words.about}>
      <Facts
        items={[
          [words.task, shared.tasks[job.taskType]], [words.model, job.model], [words.framework, job.framework], [shared.priority, shared.priorities[job.priority]],
          [words.dataset, versionName(versions.byId.get(job.datasetVersionId)) || (versions.isPending ? '…' : shared.gone)],
          [words.created, dateTime(job.createdAt)], job.startedAt === null ? null : [words.startedAt, dateTime(job.startedAt)], job.completedAt === null ? null : [words.ended, dateTime(job.completedAt)],
          [words.id, <CopyText key="id" text={job.id} short />],
        ]}
      />
    </Card>
  );
}
