import { api } from '../../api/client';
import type { ProposalRun } from '../../api/schema';
import { ago, number } from '../../app/format';
import { useWords } from '../../app/words';
import { StatusIndicator, type Tone } from '../../parts/Badge';
import { Card } from '../../parts/Page';
import { Table, type Column } from '../../parts/Table';
import { reported } from './proposals';
import { proposalWords } from './words';

const LIVE = 1500;
const SHOWN = 5;
const tones: Record<ProposalRun['state'], Tone> = { running: 'info', completed: 'good', failed: 'bad', cancelled: 'neutral' };

export const isRunning = (run: ProposalRun): boolean => run.state === 'running';

/** The latest work on the proposals of a dataset, asked again while some goes on. */
export const useProposalRuns = (datasetId: string) =>
  api.useQuery('get', '/api/v1/datasets/{id}/proposal-runs', { params: { path: { id: datasetId }, query: { limit: SHOWN } } }, { refetchInterval: (query) => (query.state.data?.items.some(isRunning) ? LIVE : false) });

/** What became of the images of the latest work. */
export function ProposalRuns({ runs }: { runs: ReturnType<typeof useProposalRuns> }) {
  const words = useWords(proposalWords);
  const rows = runs.data?.items ?? [];
  if (rows.length === 0) return null;
  const columns: Column<ProposalRun>[] = [
    { key: 'action', title: words.action, cell: (row) => words.actions[row.action] },
    { key: 'state', title: words.state, cell: (row) => <StatusIndicator tone={tones[row.state]} live={isRunning(row)}>{words.states[row.state]}</StatusIndicator> },
    { key: 'result', title: words.result, cell: (row) => (row.error === null ? reported(row).map((count) => words.report[count](number(row[count]))).join(', ') : `${row.error.message} ${row.error.suggestedAction}`) },
    { key: 'started', title: words.started, secondary: true, cell: (row) => ago(row.createdAt) },
  ];
  return <Card title={words.runs} flush><Table label={words.runs} columns={columns} rows={rows} rowKey={(row) => row.id} /></Card>;
}
