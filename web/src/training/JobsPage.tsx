import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { FlaskConical, Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useMay } from '../api/permissions';
import { asProblem } from '../api/problem';
import type { TrainingJob } from '../api/schema';
import { ago, dateTime, duration, metric, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button, ButtonLink } from '../parts/Button';
import { SelectField, TextField } from '../parts/Field';
import { Page } from '../parts/Page';
import { Progress } from '../parts/Progress';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { DataTable, type Column } from '../parts/virtual/DataTable';
import { sorted, type Sort } from '../parts/virtual/sorting';
import { useJobs, useNow, useVersions, versionName } from './data';
import { ExperimentCard } from './ExperimentCard';
import { bestOf, hasEnded, jobStates, matches, progressOf, secondsOf, taskTypes, type JobsSearch } from './jobs';
import { JobStatus } from './JobStatus';
import { tagsOf } from './marks';
import { markWords } from './markWords';
import { StarButton } from './StarButton';
import styles from './Training.module.css';
import { useNarrow } from './useNarrow';
import { trainingWords } from './words';

export function JobsPage() {
  const words = useWords(trainingWords);
  const marks = useWords(markWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const search = useSearch({ from: '/members/projects/$projectId/jobs' });
  const navigate = useNavigate({ from: '/projects/$projectId/jobs' });
  const may = useMay({ projectId });
  const { jobs, pages } = useJobs(projectId);
  const versions = useVersions(projectId);
  const narrow = useNarrow();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const now = useNow(jobs?.some((job) => !hasEnded(job.state)) ?? false);
  const datasetOf = (job: TrainingJob): string => versionName(versions.byId.get(job.datasetVersionId));
  const shown = useMemo(() => (jobs ?? []).filter((job) => matches(job, search, datasetOf(job))), [jobs, search, versions.byId]);
  const set = (change: JobsSearch): void => void navigate({ search: (before: JobsSearch) => ({ ...before, ...change }), replace: true });
  const choose = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const create = may('training:run') && <ButtonLink look="primary" icon={<Plus />} to="/projects/$projectId/jobs/new" params={{ projectId }}>{words.newTraining}</ButtonLink>;
  const filtered = search.state !== undefined || search.task !== undefined || search.text !== undefined || search.starred === true || search.tag !== undefined;
  const tags = useMemo(() => tagsOf(jobs ?? []), [jobs]);
  const tagChoices = search.tag === undefined || tags.includes(search.tag) ? tags : [search.tag, ...tags];
  const empty = filtered
    ? <Empty title={words.noneFound} action={<Button onClick={() => set({ state: undefined, task: undefined, text: undefined, starred: undefined, tag: undefined })}>{words.clearFilters}</Button>} />
    : <Empty icon={<FlaskConical />} title={words.none} action={create}>{words.noneText}</Empty>;
  const failed = pages.isError && jobs === undefined ? <ErrorState error={asProblem(pages.error)} onRetry={() => void pages.refetch()} /> : null;
  const list = { jobs: shown, chosen, onChoose: choose, datasetOf, now, projectId, sort: search.sort, onSort: (sort: string | undefined) => set({ sort }), loading: jobs === undefined && !pages.isError, empty, failed };
  return (
    <Page title={words.jobs} wide actions={create}>
      <div className={styles.filters}>
        <div className={styles.search}>
          <TextField label={words.search} hideLabel type="search" placeholder={words.search} value={search.text ?? ''} onChange={(event) => set({ text: event.target.value || undefined })} />
        </div>
        <SelectField
          label={words.state} hideLabel value={search.state ?? ''} onChange={(state) => set({ state: (state || undefined) as JobsSearch['state'] })}
          options={[{ value: '', label: words.allStates }, { value: 'active', label: words.active }, ...jobStates.map((state) => ({ value: state, label: words.states[state] }))]}
        />
        <SelectField
          label={words.task} hideLabel value={search.task ?? ''} onChange={(task) => set({ task: (task || undefined) as JobsSearch['task'] })}
          options={[{ value: '', label: words.allTasks }, ...taskTypes.map((task) => ({ value: task, label: words.tasks[task] }))]}
        />
        <SelectField
          label={marks.stars} hideLabel value={search.starred === true ? 'starred' : ''} onChange={(value) => set({ starred: value === 'starred' || undefined })}
          options={[{ value: '', label: marks.allStars }, { value: 'starred', label: marks.onlyStarred }]}
        />
        {tagChoices.length > 0 && (
          <SelectField
            label={marks.tag} hideLabel value={search.tag ?? ''} onChange={(tag) => set({ tag: tag || undefined })}
            options={[{ value: '', label: marks.allTags }, ...tagChoices.map((tag) => ({ value: tag, label: tag }))]}
          />
        )}
        {narrow && <SortChoice sort={search.sort} onSort={(sort) => set({ sort })} />}
        <div className={styles.end}>
          <span role="status">{jobs === undefined ? '' : chosen.size > 0 ? words.selected(number(chosen.size)) : words.shown(number(shown.length), number(jobs.length))}</span>
          {chosen.size > 0 && <Button look="quiet" onClick={() => setChosen(new Set())}>{words.clearSelection}</Button>}
          <Button disabled={chosen.size < 2} title={chosen.size < 2 ? words.compareWhy : undefined} onClick={() => void navigate({ to: '/projects/$projectId/compare', params: { projectId }, search: { jobs: [...chosen].join(',') } })}>
            {chosen.size < 2 ? words.compare : words.compareCount(number(chosen.size))}
          </Button>
        </div>
      </div>
      {narrow ? <JobCards {...list} /> : <JobTable {...list} />}
    </Page>
  );
}

const SHOWN_TAGS = 3;

type List = {
  jobs: TrainingJob[];
  chosen: ReadonlySet<string>;
  onChoose: (id: string) => void;
  datasetOf: (job: TrainingJob) => string;
  now: number;
  projectId: string;
  sort: string | undefined;
  onSort: (sort: string | undefined) => void;
  loading: boolean;
  empty: React.ReactNode;
  failed: React.ReactNode;
};

const sortOf = (text: string | undefined): Sort | null => (text === undefined ? null : { column: text.replace(/^-/, ''), descending: text.startsWith('-') });

function JobTable({ jobs, chosen, onChoose, datasetOf, now, projectId, sort, onSort, loading, empty, failed }: List) {
  const words = useWords(trainingWords);
  const navigate = useNavigate();
  const columns: Column<TrainingJob>[] = [
    {
      id: 'select', header: '', width: 48, fixed: true,
      cell: (job) => <label className={styles.check}><input type="checkbox" aria-label={words.select(job.name)} checked={chosen.has(job.id)} onChange={() => onChoose(job.id)} /></label>,
    },
    { id: 'star', header: '', width: 52, fixed: true, cell: (job) => <StarButton job={job} /> },
    {
      id: 'name', header: words.name, width: 190, grow: true, fixed: true, sortValue: (job) => job.name,
      cell: (job) => (
        <span className={styles.nameCell}>
          <Link to="/projects/$projectId/jobs/$jobId" params={{ projectId, jobId: job.id }}>{job.name}</Link>
          {job.tags.length === 0 ? <small>{words.tasks[job.taskType]}</small> : <span className={styles.tags} title={job.tags.join(', ')}>{job.tags.slice(0, SHOWN_TAGS).map((tag) => <Badge key={tag}>{tag}</Badge>)}{job.tags.length > SHOWN_TAGS && <small>+{number(job.tags.length - SHOWN_TAGS)}</small>}</span>}
        </span>
      ),
    },
    { id: 'state', header: words.state, width: 132, sortValue: (job) => jobStates.indexOf(job.state), cell: (job) => <JobStatus state={job.state} priority={job.priority} /> },
    { id: 'model', header: words.model, width: 150, sortValue: (job) => job.model, cell: (job) => <span className={styles.nameCell}><span>{job.model}</span><small>{job.framework}</small></span> },
    { id: 'dataset', header: words.dataset, width: 120, sortValue: datasetOf, cell: (job) => <span className={styles.cut}>{datasetOf(job) || '–'}</span> },
    { id: 'progress', header: words.progress, width: 130, sortValue: progressOf, cell: (job) => <JobProgress job={job} /> },
    {
      id: 'best', header: words.best, width: 100, align: 'end', descendingFirst: true, sortValue: bestOf,
      cell: (job) => <span className={styles.nameCell}><span className={styles.number}>{metric(bestOf(job))}</span><small>{job.primaryMetric}</small></span>,
    },
    {
      id: 'duration', header: words.duration, width: 104, align: 'end', descendingFirst: true, sortValue: (job) => secondsOf(job, now),
      cell: (job) => <span className={styles.number}>{secondsOf(job, now) === null ? '–' : duration(secondsOf(job, now)!)}</span>,
    },
    { id: 'created', header: words.created, width: 126, align: 'end', descendingFirst: true, sortValue: (job) => Date.parse(job.createdAt), cell: (job) => <time dateTime={job.createdAt} title={dateTime(job.createdAt)}>{ago(job.createdAt, now)}</time> },
  ];
  return (
    <DataTable
      label={words.jobs} rows={jobs} columns={columns} rowKey={(job) => job.id} rowHeight={52} loading={loading} error={failed} empty={empty}
      sort={sortOf(sort)} onSort={(next) => onSort(next === null ? undefined : `${next.descending ? '-' : ''}${next.column}`)} selected={(job) => chosen.has(job.id)}
      onOpen={(job) => void navigate({ to: '/projects/$projectId/jobs/$jobId', params: { projectId, jobId: job.id } })}
    />
  );
}

function JobProgress({ job }: { job: TrainingJob }) {
  const words = useWords(trainingWords);
  const ended = hasEnded(job.state);
  const epochs = job.totalEpochs === null ? (job.currentEpoch > 0 ? number(job.currentEpoch) : '–') : words.epochOf(number(job.currentEpoch), number(job.totalEpochs));
  return (
    <span className={styles.progressCell}>
      <Progress value={progressOf(job)} label={words.progress} tone={job.state === 'failed' ? 'bad' : job.state === 'completed' ? 'good' : job.state === 'cancelled' ? 'warn' : 'accent'} />
      <small>{epochs}{!ended && job.etaSeconds !== null && ` · ${words.eta(duration(job.etaSeconds))}`}</small>
    </span>
  );
}

const valueOf = (sort: Sort, now: number) => (job: TrainingJob) =>
  sort.column === 'name' ? job.name : sort.column === 'best' ? bestOf(job) : sort.column === 'duration' ? secondsOf(job, now) : Date.parse(job.createdAt);

/** The jobs on a narrow screen. */
function JobCards({ jobs, chosen, onChoose, datasetOf, now, projectId, sort, loading, empty, failed }: List) {
  const words = useWords(trainingWords);
  if (failed) return failed;
  if (loading) return <Skeleton lines={4} height={132} />;
  if (jobs.length === 0) return empty;
  const order = sortOf(sort);
  return (
    <ul className={styles.cards}>
      {(order === null ? jobs : sorted(jobs, valueOf(order, now), order.descending)).map((job) => (
        <li key={job.id}>
          <Link to="/projects/$projectId/jobs/$jobId" params={{ projectId, jobId: job.id }} className={styles.cardLink}><ExperimentCard job={job} dataset={datasetOf(job)} now={now} /></Link>
          <span className={styles.cardStar}><StarButton job={job} /></span>
          <label className={`${styles.check} ${styles.cardCheck}`}><input type="checkbox" aria-label={words.select(job.name)} checked={chosen.has(job.id)} onChange={() => onChoose(job.id)} /></label>
        </li>
      ))}
    </ul>
  );
}

function SortChoice({ sort, onSort }: { sort: string | undefined; onSort: (sort: string | undefined) => void }) {
  const words = useWords(trainingWords);
  return (
    <SelectField
      label={words.sort} hideLabel value={sort ?? ''} onChange={(value) => onSort(value || undefined)}
      options={[{ value: '', label: words.newest }, { value: 'created', label: words.oldest }, { value: '-best', label: words.bestFirst }, { value: '-duration', label: words.longest }, { value: 'name', label: words.byName }]}
    />
  );
}
