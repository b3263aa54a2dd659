import { useQueries } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { GitCompareArrows, X } from 'lucide-react';
import { lazy, Suspense, useMemo } from 'react';
import type { TrainingJob } from '../api/schema';
import { duration, metric, number } from '../app/format';
import { useWords } from '../app/words';
import { Button, ButtonLink } from '../parts/Button';
import { CheckField } from '../parts/Field';
import { Card, Page } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { metricComparisons, settingRows, type Compared } from './compare';
import styles from './Compare.module.css';
import { ComparedPredictions } from './ComparedPredictions';
import { curvesQuery, jobQuery, useNow, useTrainers, useVersions, versionName } from './data';
import { useFieldName } from './fields';
import { secondsPerEpoch } from './jobCurves';
import { hasEnded, readIds, secondsOf } from './jobs';
import { JobStatus } from './JobStatus';
import { trainingWords } from './words';

const ComparedCurves = lazy(() => import('./ComparedCurves').then((module) => ({ default: module.ComparedCurves })));
const ComparedSettings = lazy(() => import('./ComparedSettings').then((module) => ({ default: module.ComparedSettings })));

type CompareSearch = { jobs?: string | undefined; metrics?: string | undefined; all?: boolean | undefined };

const LIVE_PAUSE = 5000;

/** Several jobs side by side: what came of them and what was set. The jobs are in the URL. */
export function ComparePage() {
  const words = useWords(trainingWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const search = useSearch({ from: '/members/projects/$projectId/compare' });
  const navigate = useNavigate({ from: '/projects/$projectId/compare' });
  const ids = useMemo(() => readIds(search.jobs), [search.jobs]);
  const jobs = useQueries({ queries: ids.map((id) => ({ ...jobQuery(id), refetchInterval: (query: { state: { data: TrainingJob | undefined } }) => (query.state.data !== undefined && !hasEnded(query.state.data.state) ? LIVE_PAUSE : false as const) })) });
  const curves = useQueries({ queries: ids.map((id, index) => ({ ...curvesQuery(id), refetchInterval: jobs[index]?.data !== undefined && !hasEnded(jobs[index].data.state) ? LIVE_PAUSE : false as const })) });
  const compared = useMemo(
    () => jobs.flatMap((job, index): Compared[] => (job.data === undefined ? [] : [{ job: job.data, curves: curves[index]?.data }])),
    // The lists are new with each render; what they hold is not.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [...jobs.map((job) => job.data), ...curves.map((one) => one.data)],
  );
  const toJobs = <ButtonLink to="/projects/$projectId/jobs" params={{ projectId }}>{words.toJobs}</ButtonLink>;
  if (ids.length === 0) return <Page title={words.comparison}><Empty icon={<GitCompareArrows />} title={words.compareNone} action={toJobs}>{words.compareNoneText}</Empty></Page>;
  if (jobs.some((job) => job.isPending)) return <Page title={words.comparison} wide><Skeleton lines={1} height={32} /><Skeleton lines={1} height={300} /><Skeleton lines={6} height={32} /></Page>;
  const failed = jobs.filter((job) => job.isError && job.data === undefined);
  if (compared.length === 0) return <Page title={words.comparison}><ErrorState error={failed[0]?.error} onRetry={() => jobs.forEach((job) => void job.refetch())} /></Page>;
  const remove = (id: string): void => void navigate({ search: (before: CompareSearch) => ({ ...before, jobs: ids.filter((other) => other !== id).join(',') || undefined }), replace: true });
  return (
    <Page title={words.comparison} wide actions={toJobs}>
      {failed.length > 0 && <p className={styles.note} role="status">{words.notFound(number(failed.length))}</p>}
      <ul className={styles.jobs}>
        {compared.map(({ job }, index) => (
          <li key={job.id} className={styles.job}>
            <span className={styles.swatch} style={{ background: seriesColour(index) }} aria-hidden="true" />
            <Link to="/projects/$projectId/jobs/$jobId" params={{ projectId, jobId: job.id }}>{job.name}</Link>
            <JobStatus state={job.state} />
            <Button look="quiet" size="small" icon={<X />} aria-label={words.removeJob(job.name)} onClick={() => remove(job.id)} />
          </li>
        ))}
      </ul>
      <Suspense fallback={<Skeleton lines={1} height={360} />}>
        <ComparedCurves compared={compared} wanted={search.metrics} onChoose={(metrics) => void navigate({ search: (before: CompareSearch) => ({ ...before, metrics }), replace: true, resetScroll: false })} />
      </Suspense>
      <MetricsTable compared={compared} />
      <ComparedPredictions projectId={projectId} compared={compared} />
      <SettingsTable compared={compared} all={search.all === true} onAll={(all) => void navigate({ search: (before: CompareSearch) => ({ ...before, all: all || undefined }), replace: true, resetScroll: false })} />
      {compared.length > 2 && <Suspense fallback={<Skeleton lines={1} height={320} />}><ComparedSettings compared={compared} onOpen={(jobId) => void navigate({ to: '/projects/$projectId/jobs/$jobId', params: { projectId, jobId } })} /></Suspense>}
    </Page>
  );
}

/** The colour of a job in all charts and tables of the page. */
export const seriesColour = (index: number): string => `var(--series-${(index % 8) + 1})`;

const Heads = ({ compared, first }: { compared: readonly Compared[]; first: string }) => (
  <thead>
    <tr>
      <th scope="col">{first}</th>
      {compared.map(({ job }, index) => <th key={job.id} scope="col"><span className={styles.head}><span className={styles.swatch} style={{ background: seriesColour(index) }} aria-hidden="true" />{job.name}</span></th>)}
    </tr>
  </thead>
);

function MetricsTable({ compared }: { compared: readonly Compared[] }) {
  const words = useWords(trainingWords);
  const now = useNow(compared.some(({ job }) => !hasEnded(job.state)));
  const rows = useMemo(() => metricComparisons(compared.map(({ job }) => job)), [compared]);
  const fact = (label: string, values: (string | null)[]) => <tr key={label}><th scope="row">{label}</th>{values.map((value, index) => <td key={compared[index]!.job.id}>{value ?? '–'}</td>)}</tr>;
  return (
    <Card title={words.metrics} flush>
      <p className={`${styles.note} ${styles.padded}`}>{words.measuredAt}</p>
      <div className={styles.scroller} tabIndex={0} role="region" aria-label={words.metrics}>
        <table className={styles.table}>
          <Heads compared={compared} first={words.metric} />
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row"><code>{row.name}</code></th>
                {row.values.map((value, index) => (
                  <td key={compared[index]!.job.id} className={row.best.includes(index) ? styles.bestCell : undefined}>{metric(value)}{row.best.includes(index) && <small>{words.bestMark}</small>}</td>
                ))}
              </tr>
            ))}
            {fact(words.bestEpoch, compared.map(({ job }) => (job.bestEpoch === null ? null : number(job.bestEpoch))))}
            {fact(words.progress, compared.map(({ job }) => (job.totalEpochs === null ? null : words.epochOf(number(job.currentEpoch), number(job.totalEpochs)))))}
            {fact(words.duration, compared.map(({ job }) => { const seconds = secondsOf(job, now); return seconds === null ? null : duration(seconds); }))}
            {fact(words.secondsPerEpoch, compared.map(({ curves }) => { const seconds = curves === undefined ? null : secondsPerEpoch(curves); return seconds === null ? null : `${number(seconds, seconds < 10 ? 1 : 0)} s`; }))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function SettingsTable({ compared, all, onAll }: { compared: readonly Compared[]; all: boolean; onAll: (all: boolean) => void }) {
  const words = useWords(trainingWords);
  const fieldName = useFieldName();
  const trainers = useTrainers();
  const versions = useVersions(compared[0]!.job.projectId);
  const rows = useMemo(() => {
    const fields = (framework: string) => trainers.data?.items.find((trainer) => trainer.framework === framework)?.capabilities?.configSchema.fields;
    const fixed = (label: string, values: string[]) => ({ name: label, label, values: values as (string | null)[], differs: new Set(values).size > 1 });
    return [
      fixed(words.dataset, compared.map(({ job }) => versionName(versions.byId.get(job.datasetVersionId)) || job.datasetVersionId.slice(0, 8))),
      fixed(words.framework, compared.map(({ job }) => job.framework)),
      fixed(words.model, compared.map(({ job }) => job.model)),
      ...settingRows(compared.map(({ job }) => job.config), (index, name) => fields(compared[index]!.job.framework)?.find((field) => field.name === name)?.default).map((row) => ({ ...row, label: fieldName(row.name) })),
    ];
  }, [compared, trainers.data, versions.byId, words, fieldName]);
  const shown = all ? rows : rows.filter((row) => row.differs);
  return (
    <Card title={words.differences} flush actions={<CheckField label={words.onlyDifferences} checked={!all} onChange={(only) => onAll(!only)} />}>
      {shown.length === 0 ? <p className={`${styles.note} ${styles.padded}`}>{words.noDifferences}</p> : (
        <div className={styles.scroller} tabIndex={0} role="region" aria-label={words.differences}>
          <table className={styles.table}>
            <Heads compared={compared} first={words.setting} />
            <tbody>
              {shown.map((row) => (
                <tr key={row.name}>
                  <th scope="row">{row.label}</th>
                  {row.values.map((value, index) => <td key={compared[index]!.job.id} className={value === null ? styles.default : undefined}>{value ?? words.defaultValue}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
