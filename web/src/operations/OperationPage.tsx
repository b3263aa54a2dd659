import { Link, useParams } from '@tanstack/react-router';
import { CircleStop } from 'lucide-react';
import { useEffect, useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Operation } from '../api/schema';
import { bytes, dateTime, duration, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge, StatusIndicator } from '../parts/Badge';
import { Button } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { ConfirmDialog } from '../parts/Dialog';
import { Card, Facts, Page, Stack } from '../parts/Page';
import { ErrorState, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { OperationProgressBar } from './OperationProgressBar';
import { asWords, hasEnded, readReport, secondsOf, stateTone } from './operations';
import styles from './Operations.module.css';
import { useOperation, type Happened } from './useOperation';
import { operationWords } from './words';

/** One operation while it runs and afterwards. */
export function OperationPage() {
  const words = useWords(operationWords);
  const { operationId } = useParams({ from: '/members/operations/$operationId' });
  const { query, events, connected } = useOperation(operationId);
  const may = useMay();
  const [cancelling, setCancelling] = useState(false);
  const one = query.data;
  if (one === undefined)
    return <Page title={words.operations}>{query.isError ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : <Card><Skeleton lines={6} height={24} /></Card>}</Page>;
  const ended = hasEnded(one);
  return (
    <Page
      title={words.kinds[one.kind]}
      subtitle={one.subject}
      badges={<><StatusIndicator tone={stateTone(one.state)} live={!ended}>{one.cancelRequested && !ended ? words.cancelling : words.states[one.state]}</StatusIndicator>{one.dryRun && <Badge tone="info">{words.dryRun}</Badge>}</>}
      actions={!ended && may('operations:run') && <Button look="danger" icon={<CircleStop />} disabled={one.cancelRequested} onClick={() => setCancelling(true)}>{words.cancel}</Button>}
    >
      <p><Link to="/operations/history">{words.history}</Link></p>
      <Stack>
        <Card>
          <Stack>
            <OperationProgressBar operation={one} />
            {one.error !== null && <p className={styles.failure} role="alert">{one.error}</p>}
            <OperationFacts operation={one} />
          </Stack>
        </Card>
        {one.report != null && <Report report={one.report} />}
        <Events events={events} live={!ended} connected={connected} />
      </Stack>
      {cancelling && <Cancel operation={one} onClose={() => setCancelling(false)} />}
    </Page>
  );
}

function OperationFacts({ operation }: { operation: Operation }) {
  const words = useWords(operationWords);
  const now = useNow(!hasEnded(operation));
  const seconds = secondsOf(operation, now);
  return (
    <Facts items={[
      [words.createdAt, dateTime(operation.createdAt)],
      [words.startedAt, operation.startedAt === null ? '–' : dateTime(operation.startedAt)],
      [words.took, seconds === null ? '–' : duration(seconds)],
      [words.by, operation.createdBy === null || operation.startedBy === 'schedule' ? words.schedule : <CopyText text={operation.createdBy} short />],
      [words.id, <CopyText key="id" text={operation.id} short />],
    ]} />
  );
}

/** The time, each second while it matters. */
function useNow(runs: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!runs) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [runs]);
  return now;
}

function Report({ report }: { report: unknown }) {
  const words = useWords(operationWords);
  const { facts, lists, rest } = readReport(report);
  const shown = (name: string, value: string | number | boolean) => {
    if (typeof value === 'number') return /bytes$/i.test(name) ? bytes(value) : number(value, Number.isInteger(value) ? 0 : 2);
    if (typeof value === 'boolean') return value ? words.yes : words.no;
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value) ? dateTime(value) : value;
  };
  return (
    <Card title={words.report}>
      <Stack>
        {facts.length > 0 && <Facts items={facts.map(([name, value]) => [asWords(name), shown(name, value)])} />}
        {lists.map(([name, lines]) => <div key={name}><h3>{asWords(name)}</h3><ul className={styles.list}>{lines.map((line) => <li key={line}>{line}</li>)}</ul></div>)}
        {rest.map(([name, value]) => <div key={name}><h3>{asWords(name)}</h3><pre className={styles.json} tabIndex={0} aria-label={asWords(name) || words.report}>{JSON.stringify(value, null, 2)}</pre></div>)}
      </Stack>
    </Card>
  );
}

function Events({ events, live, connected }: { events: Happened[]; live: boolean; connected: boolean }) {
  const words = useWords(operationWords);
  const textOf = ({ type, data }: Happened): string => {
    if (type === 'state') return [words.states[data.state as Operation['state']] ?? String(data.state), data.error].filter(Boolean).join(': ');
    return String(data.phase ?? data.message ?? JSON.stringify(data));
  };
  return (
    <Card flush title={words.events} actions={live && <StatusIndicator tone={connected ? 'good' : 'warn'} live={connected}>{connected ? words.connected : words.disconnected}</StatusIndicator>}>
      <ol className={styles.events} aria-live="polite">
        {events.length === 0 ? <li><span>{words.noEvents}</span></li> : events.map((event) => (
          <li key={event.id} data-type={event.type}><span>{words.event[event.type as keyof typeof words.event] ?? event.type}</span><span>{textOf(event)}</span></li>
        ))}
      </ol>
    </Card>
  );
}

function Cancel({ operation, onClose }: { operation: Operation; onClose: () => void }) {
  const words = useWords(operationWords);
  const invalidate = useInvalidate();
  const cancel = api.useMutation('post', '/api/v1/operations/{id}/cancel', {
    onError: () => undefined,
    onSuccess: async () => {
      await invalidate('/api/v1/operations/{id}', '/api/v1/operations');
      notify(words.cancelled);
      onClose();
    },
  });
  return <ConfirmDialog open onClose={onClose} title={words.cancelTitle} confirm={words.cancel} busy={cancel.isPending} error={cancel.error} onConfirm={() => cancel.mutate({ params: { path: { id: operation.id } } })}>{words.cancelText}</ConfirmDialog>;
}
