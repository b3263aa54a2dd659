import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Plus, SlidersHorizontal } from 'lucide-react';
import { useMemo } from 'react';
import { useMay } from '../../api/permissions';
import { asProblem } from '../../api/problem';
import type { Sweep } from '../../api/schema';
import { ago, dateTime, metric, number } from '../../app/format';
import { useWords } from '../../app/words';
import { Button, ButtonLink } from '../../parts/Button';
import { SelectField, TextField } from '../../parts/Field';
import { Page } from '../../parts/Page';
import { Progress } from '../../parts/Progress';
import { Empty, ErrorState } from '../../parts/States';
import { DataTable, type Column } from '../../parts/virtual/DataTable';
import { useVersions, versionName } from '../data';
import styles from '../Training.module.css';
import { matchesSweep, sweepMethods, sweepStates, type SweepsSearch } from './search';
import { useSweeps } from './sweepData';
import { countsOf } from './sweeps';
import { SweepState } from './SweepState';
import { sweepWords } from './words';

/** The sweeps of a project, newest first. Filters and sort are in the URL. */
export function SweepsPage() {
  const words = useWords(sweepWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const search = useSearch({ from: '/members/projects/$projectId/sweeps' });
  const navigate = useNavigate({ from: '/projects/$projectId/sweeps' });
  const may = useMay({ projectId });
  const { sweeps, pages } = useSweeps(projectId);
  const versions = useVersions(projectId);
  const datasetOf = (sweep: Sweep): string => versionName(versions.byId.get(sweep.datasetVersionId));
  const shown = useMemo(() => (sweeps ?? []).filter((sweep) => matchesSweep(sweep, search, datasetOf(sweep))), [sweeps, search, versions.byId]);
  const set = (change: SweepsSearch): void => void navigate({ search: (before: SweepsSearch) => ({ ...before, ...change }), replace: true });
  const create = may('training:run') && <ButtonLink look="primary" icon={<Plus />} to="/projects/$projectId/sweeps/new" params={{ projectId }}>{words.newSweep}</ButtonLink>;
  const filtered = search.state !== undefined || search.method !== undefined || search.text !== undefined;
  const columns: Column<Sweep>[] = [
    {
      id: 'name', header: words.name, width: 200, grow: true, fixed: true, sortValue: (sweep) => sweep.name,
      cell: (sweep) => <span className={styles.nameCell}><Link to="/projects/$projectId/sweeps/$sweepId" params={{ projectId, sweepId: sweep.id }}>{sweep.name}</Link><small>{words.methods[sweep.method]}</small></span>,
    },
    { id: 'state', header: words.state, width: 130, sortValue: (sweep) => sweepStates.indexOf(sweep.state), cell: (sweep) => <SweepState state={sweep.state} /> },
    { id: 'model', header: words.model, width: 160, sortValue: (sweep) => sweep.model, cell: (sweep) => <span className={styles.nameCell}><span>{sweep.model}</span><small>{sweep.framework}</small></span> },
    { id: 'dataset', header: words.dataset, width: 150, sortValue: datasetOf, cell: (sweep) => <span className={styles.cut}>{datasetOf(sweep) || '–'}</span> },
    { id: 'runs', header: words.runs, width: 170, cell: (sweep) => <RunsDone sweep={sweep} /> },
    {
      id: 'best', header: words.best, width: 120, align: 'end', descendingFirst: true, sortValue: (sweep) => sweep.bestMetrics?.[sweep.primaryMetric] ?? null,
      cell: (sweep) => <span className={styles.nameCell}><span className={styles.number}>{metric(sweep.bestMetrics?.[sweep.primaryMetric])}</span><small>{sweep.primaryMetric}</small></span>,
    },
    { id: 'created', header: words.created, width: 130, align: 'end', descendingFirst: true, sortValue: (sweep) => Date.parse(sweep.createdAt), cell: (sweep) => <time dateTime={sweep.createdAt} title={dateTime(sweep.createdAt)}>{ago(sweep.createdAt)}</time> },
  ];
  return (
    <Page title={words.sweeps} wide actions={create}>
      <div className={styles.filters}>
        <div className={styles.search}><TextField label={words.search} hideLabel type="search" placeholder={words.search} value={search.text ?? ''} onChange={(event) => set({ text: event.target.value || undefined })} /></div>
        <SelectField
          label={words.state} hideLabel value={search.state ?? ''} onChange={(state) => set({ state: (state || undefined) as SweepsSearch['state'] })}
          options={[{ value: '', label: words.allStates }, ...sweepStates.map((state) => ({ value: state, label: words.states[state] }))]}
        />
        <SelectField
          label={words.method} hideLabel value={search.method ?? ''} onChange={(method) => set({ method: (method || undefined) as SweepsSearch['method'] })}
          options={[{ value: '', label: words.allMethods }, ...sweepMethods.map((method) => ({ value: method, label: words.methods[method] }))]}
        />
        <div className={styles.end}><span role="status">{sweeps === undefined ? '' : words.shown(number(shown.length), number(sweeps.length))}</span></div>
      </div>
      <DataTable
        label={words.sweeps} rows={shown} columns={columns} rowKey={(sweep) => sweep.id} rowHeight={52} loading={sweeps === undefined && !pages.isError}
        error={pages.isError && sweeps === undefined ? <ErrorState error={asProblem(pages.error)} onRetry={() => void pages.refetch()} /> : null}
        empty={filtered
          ? <Empty title={words.noneFound} action={<Button onClick={() => set({ state: undefined, method: undefined, text: undefined })}>{words.clearFilters}</Button>} />
          : <Empty icon={<SlidersHorizontal />} title={words.none} action={create}>{words.noneText}</Empty>}
        sort={search.sort === undefined ? null : { column: search.sort.replace(/^-/, ''), descending: search.sort.startsWith('-') }}
        onSort={(next) => set({ sort: next === null ? undefined : `${next.descending ? '-' : ''}${next.column}` })}
        onOpen={(sweep) => void navigate({ to: '/projects/$projectId/sweeps/$sweepId', params: { projectId, sweepId: sweep.id } })}
      />
    </Page>
  );
}

function RunsDone({ sweep }: { sweep: Sweep }) {
  const words = useWords(sweepWords);
  const { all, ended } = countsOf(sweep);
  return (
    <span className={styles.progressCell}>
      <Progress value={sweep.state === 'completed' ? 1 : all === 0 ? 0 : ended / all} label={words.progress} tone={sweep.state === 'failed' ? 'bad' : sweep.state === 'completed' ? 'good' : sweep.state === 'cancelled' ? 'warn' : 'accent'} />
      <small>{words.runsOf(number(ended), number(all))}</small>
    </span>
  );
}
