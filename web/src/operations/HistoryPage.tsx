import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { History } from 'lucide-react';
import { api } from '../api/client';
import type { Operation, OperationKind, OperationState } from '../api/schema';
import { ago, dateTime, duration } from '../app/format';
import { useWords } from '../app/words';
import { Badge, StatusIndicator } from '../parts/Badge';
import { SelectField } from '../parts/Field';
import { Card, Row } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { Empty } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { hasEnded, operationKinds, operationStates, secondsOf, stateTone } from './operations';
import styles from './Operations.module.css';
import { OperationsFrame } from './OperationsFrame';
import { operationWords } from './words';

/** All operations of the last 90 days. */
export function HistoryPage() {
  return <OperationsFrame><Operations /></OperationsFrame>;
}

function Operations() {
  const words = useWords(operationWords);
  const filter = useSearch({ from: '/members/operations/history' });
  const navigate = useNavigate({ from: '/operations/history' });
  const query = api.useInfiniteQuery(
    'get', '/api/v1/operations', { params: { query: { limit: 50, ...(filter.kind ? { kind: filter.kind } : {}), ...(filter.state ? { state: filter.state } : {}) } } },
    { ...paged, refetchInterval: (one: { state: { data?: { pages: { items: Operation[] }[] } | undefined } }) => (one.state.data?.pages.some((page) => page.items.some((item) => !hasEnded(item))) ? 5000 : false) },
  );
  const columns: Column<Operation>[] = [
    { key: 'kind', title: words.kind, cell: (one) => <Row><Link to="/operations/$operationId" params={{ operationId: one.id }}>{words.kinds[one.kind]}</Link>{one.dryRun && <Badge tone="info">{words.dryRun}</Badge>}{one.startedBy === 'schedule' && <Badge tone="neutral">{words.bySchedule}</Badge>}</Row> },
    { key: 'subject', title: words.subject, cell: (one) => <span className={styles.subject}>{one.subject}</span> },
    { key: 'state', title: words.state, cell: (one) => <StatusIndicator tone={stateTone(one.state)} live={!hasEnded(one)}>{words.states[one.state]}</StatusIndicator> },
    { key: 'started', title: words.started, secondary: true, cell: (one) => <span title={dateTime(one.createdAt)}>{ago(one.createdAt)}</span> },
    { key: 'took', title: words.took, right: true, secondary: true, cell: (one) => { const seconds = secondsOf(one, Date.now()); return seconds === null ? '–' : duration(seconds); } },
  ];
  return (
    <>
      <div className={styles.filters}>
        <SelectField label={words.kind} value={filter.kind ?? ''} options={[{ value: '', label: words.allKinds }, ...operationKinds.map((kind) => ({ value: kind, label: words.kinds[kind] }))]} onChange={(kind) => void navigate({ search: { ...filter, kind: (kind || undefined) as OperationKind | undefined }, replace: true })} />
        <SelectField label={words.state} value={filter.state ?? ''} options={[{ value: '', label: words.allStates }, ...operationStates.map((state) => ({ value: state, label: words.states[state] }))]} onChange={(state) => void navigate({ search: { ...filter, state: (state || undefined) as OperationState | undefined }, replace: true })} />
      </div>
      <Card flush>
        <PagedList query={query} rows={8} empty={<Empty icon={<History />} title={words.none}>{words.noneText}</Empty>}>
          {(items) => <Table label={words.history} rows={items} rowKey={(one) => one.id} columns={columns} />}
        </PagedList>
      </Card>
    </>
  );
}
