import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { GitCompareArrows, LineChart, Square, Trophy } from 'lucide-react';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { api } from '../../api/client';
import { useMay } from '../../api/permissions';
import { asProblem } from '../../api/problem';
import type { Sweep, SweepRun } from '../../api/schema';
import { useSession } from '../../api/useSession';
import { dateTime, duration, metric, number } from '../../app/format';
import { useWords } from '../../app/words';
import { StatusIndicator } from '../../parts/Badge';
import { Button, ButtonLink } from '../../parts/Button';
import { CopyText } from '../../parts/CopyText';
import { ConfirmDialog } from '../../parts/Dialog';
import { Card, Facts, Page } from '../../parts/Page';
import { Progress } from '../../parts/Progress';
import { Empty, ErrorState, Skeleton } from '../../parts/States';
import { notify } from '../../parts/Toast';
import type { Run } from '../../parts/charts/parallel';
import { useNow, useVersions, versionName } from '../data';
import { useFieldName, valueText } from '../fields';
import jobStyles from '../Job.module.css';
import { trainingWords } from '../words';
import { RunsTable } from './RunsTable';
import styles from './Sweeps.module.css';
import { sweepQuery, useRuns, useSweepFeed } from './sweepData';
import { bestJobs, countsOf, latestRuns, linesOf, resultOf } from './sweeps';
import { SweepState } from './SweepState';
import { sweepWords } from './words';

const ParallelCoordinates = lazy(() => import('../../parts/charts/ParallelCoordinates').then((module) => ({ default: module.ParallelCoordinates })));

const MOST_COMPARED = 5;

/** One sweep: how it stands, the best so far, its configurations and results. It keeps itself fresh. */
export function SweepPage() {
  const words = useWords(sweepWords);
  const { sweepId } = useParams({ from: '/members/projects/$projectId/sweeps/$sweepId' });
  const sweep = useQuery(sweepQuery(sweepId));
  const connected = useSweepFeed(sweepId, sweep.data?.state === 'running');
  if (sweep.isError && sweep.data === undefined) return <ErrorState error={asProblem(sweep.error)} onRetry={() => void sweep.refetch()} />;
  if (sweep.data === undefined) return <Page title={words.sweep} wide><Skeleton lines={6} height={36} /></Page>;
  return <Content key={sweepId} sweep={sweep.data} connected={connected} />;
}

function Content({ sweep, connected }: { sweep: Sweep; connected: boolean | null }) {
  const words = useWords(sweepWords);
  const { runs, pages } = useRuns(sweep.id, sweep.state === 'running');
  const [inside, setInside] = useState<ReadonlySet<string> | null>(null);
  const versions = useVersions(sweep.projectId);
  const compared = useMemo(() => bestJobs(runs ?? [], sweep.primaryMetric, MOST_COMPARED), [runs, sweep.primaryMetric]);
  const navigate = useNavigate();
  return (
    <Page
      title={sweep.name} wide
      subtitle={<span className={jobStyles.subtitle}><span>{words.methods[sweep.method]}</span><span>{sweep.framework} / {sweep.model}</span>{versions.byId.has(sweep.datasetVersionId) && <span>{versionName(versions.byId.get(sweep.datasetVersionId))}</span>}</span>}
      badges={<><SweepState state={sweep.state} />{connected === false && <StatusIndicator tone="warn">{words.reconnecting}</StatusIndicator>}</>}
      actions={
        <>
          <Button
            icon={<GitCompareArrows />} disabled={compared.length < 2} title={compared.length < 2 ? words.compareNone : undefined}
            onClick={() => void navigate({ to: '/projects/$projectId/compare', params: { projectId: sweep.projectId }, search: { jobs: compared.join(',') } })}
          >{words.compareBest(number(Math.max(2, compared.length)))}</Button>
          {sweep.state === 'running' && <CancelButton sweep={sweep} />}
        </>
      }
    >
      <div className={styles.top}>
        <Standing sweep={sweep} />
        <Best sweep={sweep} />
      </div>
      {pages.isError && runs === undefined ? <ErrorState error={asProblem(pages.error)} onRetry={() => void pages.refetch()} /> : (
        <>
          <Lines sweep={sweep} runs={runs} onInside={setInside} />
          <RunsTable sweep={sweep} runs={runs} inside={inside} />
        </>
      )}
      <About sweep={sweep} />
    </Page>
  );
}

function CancelButton({ sweep }: { sweep: Sweep }) {
  const words = useWords(sweepWords);
  const queries = useQueryClient();
  const may = useMay({ projectId: sweep.projectId });
  const own = useSession()?.user.id === sweep.createdBy;
  const [asking, setAsking] = useState(false);
  const cancel = api.useMutation('post', '/api/v1/training/sweeps/{id}/cancel', {
    onError: () => undefined,
    onSuccess: (next) => {
      queries.setQueryData(sweepQuery(sweep.id).queryKey, next);
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/training/sweeps'] });
      setAsking(false);
      notify(words.cancelled);
    },
  });
  const why = !may('training:run') ? words.mayNotCancel : !own && !may('training:manage') ? words.onlyOwn : undefined;
  const { all, ended } = countsOf(sweep);
  return (
    <>
      <Button icon={<Square />} disabled={why !== undefined || sweep.cancelRequested} title={why} onClick={() => setAsking(true)}>{words.cancel}</Button>
      <ConfirmDialog open={asking} onClose={() => setAsking(false)} title={words.cancelTitle} confirm={words.cancel} busy={cancel.isPending} error={cancel.error} onConfirm={() => cancel.mutate({ params: { path: { id: sweep.id } } })}>
        {words.cancelText(number(all - ended))}
      </ConfirmDialog>
    </>
  );
}

function Standing({ sweep }: { sweep: Sweep }) {
  const words = useWords(sweepWords);
  const running = sweep.state === 'running';
  const now = useNow(running);
  const counts = countsOf(sweep);
  const seconds = Math.max(0, ((sweep.completedAt === null ? now : Date.parse(sweep.completedAt)) - Date.parse(sweep.createdAt)) / 1000);
  return (
    <Card>
      <div className={jobStyles.state}>
        <p className={jobStyles.reason} role="status">{running && sweep.cancelRequested ? words.cancelling : words.reasons[sweep.state]}</p>
        {sweep.error !== null && <div role="alert"><p className={jobStyles.message}>{sweep.error.message}</p><p className={jobStyles.next}>{sweep.error.suggestedAction}</p></div>}
        <Progress value={sweep.state === 'completed' ? 1 : counts.all === 0 ? 0 : counts.ended / counts.all} label={words.progress} tone={sweep.state === 'failed' ? 'bad' : sweep.state === 'completed' ? 'good' : 'accent'} />
        <dl className={jobStyles.figures}>
          <div><dt>{words.ended}</dt><dd>{number(counts.ended)} / {number(counts.all)}</dd></div>
          {running && <div><dt>{words.underWay}</dt><dd>{number(counts.underWay)}</dd></div>}
          {running && <div><dt>{words.waiting}</dt><dd>{number(counts.waiting)}</dd></div>}
          <div><dt>{words.elapsed}</dt><dd>{duration(seconds)}</dd></div>
        </dl>
      </div>
    </Card>
  );
}

function Best({ sweep }: { sweep: Sweep }) {
  const words = useWords(sweepWords);
  const fieldName = useFieldName();
  return (
    <Card
      title={words.best}
      actions={sweep.bestJobId !== null && <ButtonLink size="small" icon={<Trophy />} to="/projects/$projectId/jobs/$jobId" params={{ projectId: sweep.projectId, jobId: sweep.bestJobId }}>{words.openJob}</ButtonLink>}
    >
      <dl className={jobStyles.figures}>
        <div><dt>{sweep.primaryMetric}</dt><dd>{metric(sweep.bestMetrics?.[sweep.primaryMetric])}</dd></div>
        {sweep.space.map(({ field }) => <div key={field}><dt>{fieldName(field)}</dt><dd>{sweep.bestConfig === null ? '–' : valueText(sweep.bestConfig[field])}</dd></div>)}
      </dl>
      {sweep.bestJobId === null && <p className={`${styles.note} ${styles.under}`}>{words.bestNone}</p>}
    </Card>
  );
}

function Lines({ sweep, runs, onInside }: { sweep: Sweep; runs: readonly SweepRun[] | undefined; onInside: (inside: ReadonlySet<string> | null) => void }) {
  const words = useWords(sweepWords);
  const fieldName = useFieldName();
  const navigate = useNavigate();
  const latest = useMemo(() => latestRuns(runs ?? []).filter((run) => resultOf(run, sweep.primaryMetric) !== null), [runs, sweep.primaryMetric]);
  // The same lines as before when an answer brings nothing new, so that the chart rests.
  const key = JSON.stringify(latest.map((run) => [run.number, run.bestMetrics]));
  const lines = useMemo(() => linesOf(sweep, latest, (run) => words.runTitle(number(run.number))), [key, words]);
  const axes = useMemo(() => [...sweep.space.map(({ field }) => ({ id: field, label: fieldName(field) })), { id: 'result', label: sweep.primaryMetric }], [sweep.space.length, sweep.primaryMetric, fieldName]);
  const best = latest.find((run) => run.jobId === sweep.bestJobId);
  const select = useCallback((selected: readonly Run[]) => onInside(selected.length === lines.length ? null : new Set(selected.map((run) => run.id))), [onInside, lines.length]);
  const open = (run: Run): void => {
    const jobId = latest.find((one) => String(one.number) === run.id)?.jobId;
    if (jobId) void navigate({ to: '/projects/$projectId/jobs/$jobId', params: { projectId: sweep.projectId, jobId } });
  };
  const skeleton = <Skeleton lines={1} height={348} />;
  return (
    <Card title={words.parallelTitle}>
      {runs === undefined ? skeleton : lines.length < 2 ? <Empty icon={<LineChart />} title={words.parallelNone} /> : (
        <>
          <p className={styles.note}>{words.parallelText}</p>
          <div className={styles.scroller}>
            <div style={{ minWidth: Math.max(280, axes.length * 112) }}>
              <Suspense fallback={skeleton}><ParallelCoordinates title={words.parallelTitle} axes={axes} runs={lines} colourBy="result" {...(best === undefined ? {} : { best: String(best.number) })} onSelected={select} onOpen={open} /></Suspense>
            </div>
          </div>
        </>
      )}
    </Card>
  );
}

function About({ sweep }: { sweep: Sweep }) {
  const words = useWords(sweepWords);
  const shared = useWords(trainingWords);
  const fieldName = useFieldName();
  const fixed = Object.entries(sweep.config);
  return (
    <Card title={words.about}>
      <Facts
        items={[
          [words.task, shared.tasks[sweep.taskType]], [words.primary, sweep.primaryMetric],
          ...sweep.space.map((one): [string, string] => [
            `${words.tried}: ${fieldName(one.field)}`,
            one.values !== null ? one.values.map(valueText).join(', ') : (one.log ? words.anyOfLog : words.anyOf)(valueText(one.min), valueText(one.max)),
          ]),
          [words.configuration, fixed.length === 0 ? words.allDefaults : fixed.map(([name, value]) => `${fieldName(name)} ${valueText(value)}`).join(', ')],
          sweep.minEpochs === null ? null : [words.minEpochs, number(sweep.minEpochs)], sweep.method === 'successive_halving' ? [words.factor, number(sweep.factor)] : null,
          [words.parallel, sweep.parallel === null ? words.asSlots : number(sweep.parallel)], sweep.method === 'grid' ? null : [words.seed, String(sweep.seed)],
          [shared.priority, shared.priorities[sweep.priority]], [words.created, dateTime(sweep.createdAt)], sweep.completedAt === null ? null : [words.completedAt, dateTime(sweep.completedAt)], [words.id, <CopyText key="id" text={sweep.id} short />],
        ]}
      />
    </Card>
  );
}
