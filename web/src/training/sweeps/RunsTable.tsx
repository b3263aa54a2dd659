import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ListTree } from 'lucide-react';
import type { Sweep, SweepRun } from '../../api/schema';
import { metric, number } from '../../app/format';
import { useWords } from '../../app/words';
import { Badge, StatusIndicator } from '../../parts/Badge';
import { Empty } from '../../parts/States';
import { DataTable, type Column } from '../../parts/virtual/DataTable';
import { useFieldName, valueText } from '../fields';
import { jobStates } from '../jobs';
import { JobStatus } from '../JobStatus';
import { Section } from '../Section';
import styles from '../Training.module.css';
import { resultOf } from './sweeps';
import { sweepWords } from './words';

const wide = (value: unknown): number | string | null => (typeof value === 'number' || typeof value === 'string' ? value : value === null || value === undefined ? null : String(value));

/** The runs of a sweep with what was tried and what came of it. Their order is in the URL. */
export function RunsTable({ sweep, runs, inside }: { sweep: Sweep; runs: readonly SweepRun[] | undefined; /** Configurations to show; null for all. */ inside: ReadonlySet<string> | null }) {
  const words = useWords(sweepWords);
  const fieldName = useFieldName();
  const { sort } = useSearch({ from: '/members/projects/$projectId/sweeps/$sweepId' });
  const navigate = useNavigate({ from: '/projects/$projectId/sweeps/$sweepId' });
  const params = { projectId: sweep.projectId };
  const shown = (runs ?? []).filter((run) => inside === null || inside.has(String(run.number)));
  const rounds = (runs ?? []).some((run) => run.round > 1);
  const result = (run: SweepRun): number | null => resultOf(run, sweep.primaryMetric);
  const columns: Column<SweepRun>[] = [
    {
      id: 'number', header: words.number, width: 110, fixed: true, sortValue: (run) => run.number,
      cell: (run) => (
        <span className={styles.progressCell}>
          {run.jobId === null ? <span>{words.runTitle(number(run.number))}</span> : <Link to="/projects/$projectId/jobs/$jobId" params={{ ...params, jobId: run.jobId }} aria-label={`${words.runTitle(number(run.number))}${rounds ? `, ${words.roundColumn} ${number(run.round)}` : ''}`}>{number(run.number)}</Link>}
        </span>
      ),
    },
    ...(rounds ? [{ id: 'round', header: words.roundColumn, width: 90, sortValue: (run: SweepRun) => run.round, cell: (run: SweepRun) => <span className={styles.number}>{number(run.round)}</span> }] : []),
    ...sweep.space.map(({ field }): Column<SweepRun> => ({
      id: `set-${field}`, header: fieldName(field), width: 130, align: typeof (runs?.[0]?.config[field]) === 'number' ? 'end' : 'start', sortValue: (run) => wide(run.config[field]),
      cell: (run) => <span className={styles.number}>{valueText(run.config[field])}</span>,
    })),
    {
      id: 'state', header: words.state, width: 220, grow: true, sortValue: (run) => (run.state === null ? -1 : jobStates.indexOf(run.state)),
      cell: (run) => (
        <span className={styles.badges}>
          {run.state === null ? <StatusIndicator tone="neutral">{words.waitingState}</StatusIndicator> : <JobStatus state={run.state} />}
          {run.stopped && <Badge>{words.stopped}</Badge>}
          {run.jobId !== null && run.jobId === sweep.bestJobId && <Badge tone="good">{words.isBest}</Badge>}
        </span>
      ),
    },
    {
      id: 'epochs', header: words.epochs, width: 110, align: 'end', sortValue: (run) => run.currentEpoch ?? -1,
      cell: (run) => <span className={styles.number}>{run.currentEpoch === null ? '–' : run.totalEpochs === null ? number(run.currentEpoch) : `${number(run.currentEpoch)} / ${number(run.totalEpochs)}`}</span>,
    },
    { id: 'result', header: sweep.primaryMetric, width: 130, align: 'end', descendingFirst: true, sortValue: result, cell: (run) => <span className={styles.number}>{metric(result(run))}</span> },
  ];
  return (
    <Section title={words.runs} note={runs === undefined ? undefined : words.narrowed(number(shown.length), number(runs.length))}>
      <DataTable
        label={words.runs} rows={shown} columns={columns} rowKey={(run) => `${run.round}/${run.number}`} loading={runs === undefined}
        empty={<Empty icon={<ListTree />} title={words.noRuns}>{words.noRunsText}</Empty>}
        sort={sort === undefined ? null : { column: sort.replace(/^-/, ''), descending: sort.startsWith('-') }}
        onSort={(next) => void navigate({ search: { sort: next === null ? undefined : `${next.descending ? '-' : ''}${next.column}` }, replace: true, resetScroll: false })}
        onOpen={(run) => run.jobId !== null && void navigate({ to: '/projects/$projectId/jobs/$jobId', params: { ...params, jobId: run.jobId } })}
      />
    </Section>
  );
}
