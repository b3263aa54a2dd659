import { useNavigate, useSearch } from '@tanstack/react-router';
import { Cpu } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import type { HealthCheck, HealthStatus, OpenWait, Trainer } from '../api/schema';
import { clock, dateTime, number } from '../app/format';
import { useWords } from '../app/words';
import { Badge, StatusIndicator, type Tone } from '../parts/Badge';
import { Button } from '../parts/Button';
import { TextField } from '../parts/Field';
import { Card, Facts, Stack } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import styles from './Administration.module.css';
import { AdministrationFrame } from './AdministrationFrame';
import { devicesText } from './trainers';
import { useHealth } from './useHealth';
import { administrationWords } from './words';

const tones: Record<HealthStatus, Tone> = { ok: 'good', degraded: 'warn', unavailable: 'bad' };

/** Whether everything works, which trainers there are, and what an orchestration waits for. */
export function SystemPage() {
  return <AdministrationFrame permission="operations:read"><Stack><Checks /><Trainers /><Explain /></Stack></AdministrationFrame>;
}

function Checks() {
  const words = useWords(administrationWords);
  const health = useHealth();
  const columns: Column<HealthCheck>[] = [
    { key: 'name', title: words.service, cell: (check) => <code>{check.name}</code> },
    { key: 'status', title: words.state, cell: (check) => <StatusIndicator tone={tones[check.status]}>{words.status[check.status]}</StatusIndicator> },
    { key: 'took', title: words.took, right: true, secondary: true, cell: (check) => words.milliseconds(number(check.milliseconds, check.milliseconds < 10 ? 1 : 0)) },
    { key: 'detail', title: words.detail, cell: (check) => check.detail ?? '–' },
  ];
  return (
    <Card flush title={words.checks} actions={health.data !== undefined && <span className={styles.note}>{words.updated(clock(new Date(health.dataUpdatedAt)))}</span>}>
      {health.isPending ? <div style={{ padding: 'var(--space-2) var(--space-4)' }}><Skeleton lines={6} height={28} /></div>
        : health.data === undefined ? <ErrorState error={health.error} onRetry={() => void health.refetch()} />
        : <Table label={words.checks} rows={health.data.checks} rowKey={(check) => check.name} columns={columns} />}
    </Card>
  );
}

function Trainers() {
  const words = useWords(administrationWords);
  const trainers = api.useQuery('get', '/api/v1/training/capabilities', {}, { refetchInterval: 30_000 });
  return (
    <Card title={words.trainers}>
      {trainers.isPending ? <Skeleton lines={4} height={28} />
        : trainers.data === undefined ? <ErrorState error={trainers.error} onRetry={() => void trainers.refetch()} />
        : trainers.data.items.length === 0 ? <Empty icon={<Cpu />} title={words.noTrainers}>{words.noTrainersText}</Empty>
        : <div className={styles.trainers}>{trainers.data.items.map((trainer) => <TrainerCard key={trainer.framework} trainer={trainer} />)}</div>}
    </Card>
  );
}

function TrainerCard({ trainer: { framework, state, capabilities } }: { trainer: Trainer }) {
  const words = useWords(administrationWords);
  const online = state === 'online';
  const list = (values: readonly string[]) => <span className={styles.badges}>{values.map((value) => <Badge key={value}>{value}</Badge>)}</span>;
  return (
    <article className={styles.trainer} aria-label={framework}>
      <header><h3>{framework}</h3><StatusIndicator tone={online ? 'good' : 'bad'}>{online ? words.online : words.offline}</StatusIndicator></header>
      {capabilities === null ? <p className={styles.note}>{words.neverAnswered}</p> : (
        <>
          {!online && <p className={styles.note}>{words.lastKnown}</p>}
          <dl>
            <dt>{words.version}</dt><dd>{capabilities.version ?? '–'}</dd>
            <dt>{words.slots}</dt><dd>{number(capabilities.slots)}</dd>
            <dt>{words.devices}</dt><dd>{devicesText(capabilities.devices) ?? '–'}</dd>
            <dt>{words.tasks}</dt><dd>{list(capabilities.taskTypes)}</dd>
            <dt>{words.models}</dt><dd>{list(capabilities.models.map((model) => model.displayName ?? model.name))}</dd>
            <dt>{words.formats}</dt><dd>{list(capabilities.exportFormats.map((format) => format.format))}</dd>
          </dl>
        </>
      )}
    </article>
  );
}

function Explain() {
  const words = useWords(administrationWords);
  const { instance } = useSearch({ from: '/members/administration/system' });
  const navigate = useNavigate({ from: '/administration/system' });
  const [id, setId] = useState(instance ?? '');
  return (
    <Card title={words.explain}>
      <Stack>
        <p className={styles.hint} id="explain-hint">{words.explainText}</p>
        <form className={styles.explain} onSubmit={(event) => { event.preventDefault(); void navigate({ search: { instance: id.trim() || undefined } }); }}>
          <TextField label={words.instance} aria-describedby="explain-hint" value={id} onChange={(event) => setId(event.target.value)} />
          <Button type="submit" disabled={id.trim() === ''}>{words.explainIt}</Button>
        </form>
        {instance !== undefined && <Explanation instance={instance} />}
      </Stack>
    </Card>
  );
}

function Explanation({ instance }: { instance: string }) {
  const words = useWords(administrationWords);
  const explained = api.useQuery('get', '/api/v1/orchestrations/{instanceId}', { params: { path: { instanceId: instance } } }, { refetchInterval: 5000 });
  if (explained.isPending) return <Skeleton lines={4} />;
  if (explained.data === undefined) return <ErrorState error={explained.error} onRetry={() => void explained.refetch()} />;
  const one = explained.data;
  const columns: Column<OpenWait>[] = [
    { key: 'text', title: words.waitsFor, cell: (wait) => wait.text },
    { key: 'since', title: words.since, cell: (wait) => dateTime(wait.since) },
    { key: 'until', title: words.until, cell: (wait) => (wait.until === null ? '–' : dateTime(wait.until)) },
  ];
  return (
    <Stack>
      <p className={styles.summary}>{one.summary}</p>
      {one.replayError !== null && <p className={styles.bad}>{words.replayError}: {one.replayError}</p>}
      <Facts items={[
        [words.instance, one.instanceId],
        [words.orchestrator, one.version === '' ? one.orchestrator : `${one.orchestrator} (${one.version})`],
        [words.orchestrationStatus, one.status],
        [words.created, dateTime(one.createdAt)],
        [words.changed, dateTime(one.updatedAt)],
        [words.nextWakeUp, one.nextWakeUp === null ? words.never : dateTime(one.nextWakeUp)],
        [words.canRun, one.canRun.length === 0 ? words.nobodyRuns : one.canRun.join(', ')],
      ]} />
      {one.waitsFor.length > 0 ? <Table label={words.waitsFor} rows={one.waitsFor} rowKey={(wait) => `${wait.kind}-${wait.name}-${wait.since}`} columns={columns} /> : <p className={styles.note}>{words.waitsForNothing}</p>}
    </Stack>
  );
}
