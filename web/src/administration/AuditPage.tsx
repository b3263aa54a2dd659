import { useNavigate, useSearch } from '@tanstack/react-router';
import { Download, ScrollText } from 'lucide-react';
import { useState } from 'react';
import { api, client } from '../api/client';
import type { Audit, AuditFormat, AuditResult } from '../api/schema';
import { dateTime } from '../app/format';
import { useWords } from '../app/words';
import { StatusIndicator, type Tone } from '../parts/Badge';
import { Button } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { Dialog } from '../parts/Dialog';
import { SelectField, TextField } from '../parts/Field';
import { Menu } from '../parts/Menu';
import { Card, Facts } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { Empty } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notifyProblem } from '../parts/Toast';
import styles from './Administration.module.css';
import { AdministrationFrame } from './AdministrationFrame';
import { asLocalInput, asQuery, auditResults, fromLocalInput, type AuditFilter } from './filters';
import { administrationWords } from './words';

const tones: Record<AuditResult, Tone> = { success: 'good', denied: 'warn', failed: 'bad' };

/** What was done on the platform, by whom, and how it ended. */
export function AuditPage() {
  return <AdministrationFrame permission="audit:read" actions={<Export />}><Filters /><Entries /></AdministrationFrame>;
}

function Filters() {
  const words = useWords(administrationWords);
  const filter = useSearch({ from: '/members/administration/audit' });
  const navigate = useNavigate({ from: '/administration/audit' });
  const set = (change: AuditFilter): void => void navigate({ search: { ...filter, ...change }, replace: true });
  const field = (name: 'actor' | 'action' | 'subjectType' | 'subjectId' | 'address') => <TextField key={name} label={words[name]} value={filter[name] ?? ''} onChange={(event) => set({ [name]: event.target.value || undefined })} />;
  return (
    <Card title={words.filters} actions={Object.keys(asQuery(filter)).length > 0 && <Button size="small" onClick={() => void navigate({ search: {}, replace: true })}>{words.clear}</Button>}>
      <div className={styles.filters}>
        <TextField label={words.from} type="datetime-local" value={asLocalInput(filter.from)} onChange={(event) => set({ from: fromLocalInput(event.target.value) })} />
        <TextField label={words.to} type="datetime-local" value={asLocalInput(filter.to)} onChange={(event) => set({ to: fromLocalInput(event.target.value) })} />
        {field('actor')}
        {field('action')}
        <SelectField label={words.result} value={filter.result ?? ''} options={[{ value: '', label: words.allResults }, ...auditResults.map((value) => ({ value, label: words.results[value] }))]} onChange={(value) => set({ result: (value || undefined) as AuditResult | undefined })} />
        {field('subjectType')}
        {field('subjectId')}
        {field('address')}
      </div>
    </Card>
  );
}

function Entries() {
  const words = useWords(administrationWords);
  const filter = useSearch({ from: '/members/administration/audit' });
  const [shown, setShown] = useState<Audit | null>(null);
  const query = api.useInfiniteQuery('get', '/api/v1/admin/audit', { params: { query: { limit: 50, ...asQuery(filter) } } }, paged);
  const columns: Column<Audit>[] = [
    { key: 'time', title: words.time, cell: (entry) => <span className={styles.time}>{dateTime(entry.time)}</span> },
    { key: 'who', title: words.who, cell: (entry) => <Who entry={entry} /> },
    { key: 'action', title: words.action, cell: (entry) => <code className={styles.action}>{entry.action}</code> },
    { key: 'subject', title: words.subject, secondary: true, cell: (entry) => <span className={styles.subject}>{entry.subjectName ?? entry.subjectId ?? '–'}{entry.subjectType !== null && <small>{entry.subjectType}</small>}</span> },
    { key: 'result', title: words.result, cell: (entry) => <StatusIndicator tone={tones[entry.result]}>{words.results[entry.result]}</StatusIndicator> },
    { key: 'details', title: '', right: true, cell: (entry) => <Button look="quiet" size="small" aria-label={words.showDetails(entry.action)} onClick={() => setShown(entry)}>{words.details}</Button> },
  ];
  return (
    <Card flush>
      <PagedList query={query} rows={10} empty={<Empty icon={<ScrollText />} title={words.noEntries} />}>
        {(items) => <Table label={words.audit} rows={items} rowKey={(entry) => entry.id} columns={columns} />}
      </PagedList>
      {shown !== null && <Details entry={shown} onClose={() => setShown(null)} />}
    </Card>
  );
}

function Who({ entry }: { entry: Audit }) {
  const words = useWords(administrationWords);
  return <span className={styles.subject}>{entry.actorName ?? (entry.actorKind === 'system' ? words.systemActor : words.anonymous)}{entry.actorKind === 'anonymous' && entry.actorName !== null && <small>{words.anonymous}</small>}</span>;
}

function Details({ entry, onClose }: { entry: Audit; onClose: () => void }) {
  const words = useWords(administrationWords);
  return (
    <Dialog open wide onClose={onClose} title={entry.action} description={dateTime(entry.time)}>
      <Facts items={[
        [words.who, <Who key="who" entry={entry} />],
        [words.result, <StatusIndicator key="result" tone={tones[entry.result]}>{words.results[entry.result]}</StatusIndicator>],
        entry.code === null ? null : [words.code, <code key="code">{entry.code}</code>],
        entry.subjectType === null ? null : [words.subjectType, entry.subjectType],
        entry.subjectName === null ? null : [words.subject, entry.subjectName],
        entry.subjectId === null ? null : [words.subjectId, <CopyText key="id" text={entry.subjectId} />],
        entry.address === null ? null : [words.address, entry.address],
        entry.userAgent === null ? null : [words.client, entry.userAgent],
        entry.traceId === null ? null : [words.trace, <CopyText key="trace" text={entry.traceId} />],
      ]} />
      {entry.details != null && <pre className={styles.json} tabIndex={0} aria-label={words.details}>{JSON.stringify(entry.details, null, 2)}</pre>}
    </Dialog>
  );
}

function Export() {
  const words = useWords(administrationWords);
  const filter = useSearch({ from: '/members/administration/audit' });
  const [busy, setBusy] = useState(false);
  const save = async (format: AuditFormat): Promise<void> => {
    setBusy(true);
    try {
      const { data } = await client.GET('/api/v1/admin/audit/export', { params: { query: { format, ...asQuery(filter) } }, parseAs: 'blob' });
      if (data === undefined) return;
      const link = document.createElement('a');
      link.href = URL.createObjectURL(data);
      link.download = `audit-${new Date().toISOString().slice(0, 10)}.${format}`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      notifyProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu
      trigger={<Button icon={<Download />} busy={busy}>{busy ? words.exporting : words.export}</Button>}
      items={[{ label: words.exportCsv, onSelect: () => void save('csv') }, { label: words.exportJsonl, onSelect: () => void save('jsonl') }]}
    />
  );
}
