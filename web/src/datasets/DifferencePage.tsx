import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ArrowLeftRight, GitCompareArrows, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { api, client } from '../api/client';
import { asProblem } from '../api/problem';
import type { Version } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { SelectField } from '../parts/Field';
import { Card, Page } from '../parts/Page';
import { Progress } from '../parts/Progress';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import { changes, classChanges, compareVersions, type Change, type ChangedImage, type ClassChange, type Difference } from './difference';
import { LARGEST_READ, readManifest } from './manifest';
import { splitNames, type SplitName } from './splits';
import { versionWords } from './versionWords';
import styles from './Versions.module.css';
import { datasetWords } from './words';

/** What differs between two versions of a dataset: their numbers from the API, their single images from their manifests. */
export function DifferencePage() {
  const words = useWords(versionWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const search = useSearch({ from: '/members/datasets/$datasetId/difference' });
  const navigate = useNavigate({ from: '/datasets/$datasetId/difference' });
  const versions = api.useQuery('get', '/api/v1/datasets/{id}/versions', { params: { path: { id: datasetId }, query: { limit: 200 } } });
  const back = <Link to="/datasets/$datasetId/versions" params={{ datasetId }}>{words.allVersions}</Link>;
  if (versions.isError) return <Page title={words.difference} subtitle={back}><ErrorState error={asProblem(versions.error)} onRetry={() => void versions.refetch()} /></Page>;
  if (versions.data === undefined) return <Page title={words.difference} subtitle={back}><Skeleton lines={6} height={40} /></Page>;
  const ready = versions.data.items.filter((version) => version.state === 'ready');
  if (ready.length < 2) return <Page title={words.difference} subtitle={back}><Empty icon={<GitCompareArrows />} title={words.chooseTwo}>{words.chooseTwoText}</Empty></Page>;
  const to = ready.find(({ id }) => id === search.to) ?? ready[0]!;
  const from = ready.find(({ id }) => id === search.from) ?? ready.find(({ id }) => id !== to.id)!;
  const options = ready.map((version) => ({ value: version.id, label: version.note === null ? words.version(version.number) : `${words.version(version.number)} · ${version.note.slice(0, 40)}` }));
  const choose = (next: { from?: string; to?: string }): void => void navigate({ search: { from: from.id, to: to.id, ...next }, replace: true });
  return (
    <Page title={words.difference} subtitle={back}>
      <div className={styles.pick}>
        <SelectField label={words.from} options={options} value={from.id} onChange={(id) => choose({ from: id })} />
        <Button icon={<ArrowLeftRight />} aria-label={words.swap} title={words.swap} onClick={() => choose({ from: to.id, to: from.id })} />
        <SelectField label={words.to} options={options} value={to.id} onChange={(id) => choose({ to: id })} />
      </div>
      {from.id === to.id ? <Empty icon={<GitCompareArrows />} title={words.sameVersion} /> : <>
        {Math.max(from.imageCount, to.imageCount) > LARGEST_READ ? <p className={styles.warn}>{words.tooLarge(number(LARGEST_READ))}</p> : <ImageDifference key={`${from.id}-${to.id}`} from={from} to={to} />}
        <Counts from={from} to={to} />
      </>}
    </Page>
  );
}

/** Addresses of manifests expire, so each reading asks for new ones. */
async function manifestOf(version: Version): Promise<string> {
  const fresh = (await client.GET('/api/v1/datasets/{id}/versions/{versionId}', { params: { path: { id: version.datasetId, versionId: version.id } } })).data!;
  return fresh.manifestUrl ?? '';
}

function ImageDifference({ from, to }: { from: Version; to: Version }) {
  const words = useWords(versionWords);
  const names = useWords(datasetWords);
  const [read, setRead] = useState(0);
  const [chosen, setChosen] = useState<Change | null>(null);
  const difference = useQuery({
    queryKey: ['version-difference', from.id, to.id],
    queryFn: async ({ signal }) => compareVersions(readManifest(await manifestOf(from), signal), readManifest(await manifestOf(to), signal), 500, setRead),
    staleTime: Infinity, gcTime: 300_000, retry: 1,
  });
  if (difference.isError) return <Empty icon={<TriangleAlert />} title={words.readFailed} action={<Button onClick={() => void difference.refetch()}>{names.retry}</Button>} />;
  if (difference.data === undefined) return <div><Progress value={read / Math.max(1, from.imageCount + to.imageCount)} label={words.difference} /><p role="status" className={styles.publishing}>{words.reading(number(read))}</p></div>;
  const data = difference.data;
  const kind = chosen ?? changes.find((change) => data.counts[change] > 0) ?? null;
  return (
    <>
      <div className={styles.tiles} role="group" aria-label={words.difference}>
        {changes.map((change) => <button key={change} type="button" className={styles.tile} aria-pressed={change === kind} disabled={data.counts[change] === 0} onClick={() => setChosen(change)}><b>{number(data.counts[change])}</b><span>{words.changes[change]}</span></button>)}
        <div className={styles.tile} style={{ cursor: 'default' }}><b>{number(data.unchanged)}</b><span>{words.unchanged}</span></div>
      </div>
      {kind === null ? <Card><Empty icon={<GitCompareArrows />} title={words.nothingChanged} /></Card> : <ChangedImages kind={kind} data={data} />}
    </>
  );
}

function ChangedImages({ kind, data }: { kind: Change; data: Difference }) {
  const words = useWords(versionWords);
  const names = useWords(datasetWords);
  const rows = data.first[kind];
  const told = (side: ChangedImage['before']): string => {
    if (side === undefined) return '–';
    const label = side.label === null ? names.noClass : /^\d+$/.test(side.label) && kind !== 'moved' ? words.annotations(side.label) : side.label;
    return `${names.splits[side.split]} · ${label}`;
  };
  return (
    <Card title={words.changes[kind]} actions={data.counts[kind] > rows.length && <span className={styles.publishing}>{words.firstOf(number(rows.length), number(data.counts[kind]))}</span>} flush>
      {kind === 'moved' && <div className={styles.moves}>{Object.entries(data.moves).map(([move, count]) => { const [before, after] = move.split('>') as [SplitName, SplitName]; return <span key={move}>{words.moves(names.splits[before], names.splits[after], number(count))}</span>; })}</div>}
      <div className={styles.long}>
        <Table
          label={words.changes[kind]} rows={rows} rowKey={(row) => row.path}
          columns={[
            { key: 'image', title: words.image, cell: (row) => <span className={styles.path}>{row.path}</span> },
            ...(kind === 'added' ? [] : [{ key: 'before', title: words.before, cell: (row: ChangedImage) => told(row.before) }]),
            ...(kind === 'removed' ? [] : [{ key: 'after', title: words.after, cell: (row: ChangedImage) => told(row.after) }]),
          ]}
        />
      </div>
    </Card>
  );
}

function Counts({ from, to }: { from: Version; to: Version }) {
  const words = useWords(versionWords);
  const names = useWords(datasetWords);
  const rows: (ClassChange & { strong?: boolean })[] = [
    { name: words.total, before: from.imageCount, after: to.imageCount, strong: true },
    ...splitNames.map((split) => ({ name: names.splits[split], before: from.splits[split], after: to.splits[split], strong: true })),
    ...classChanges(from.classes, to.classes),
  ];
  return (
    <Card title={words.countsTitle} flush>
      <div className={styles.long}>
        <Table
          label={words.countsTitle} rows={rows} rowKey={(row) => `${row.strong ? 'sum' : 'class'}-${row.name}`}
          columns={[
            { key: 'name', title: words.class, cell: (row) => (row.strong ? <strong>{row.name}</strong> : row.name) },
            { key: 'before', title: words.version(from.number), right: true, cell: (row) => number(row.before) },
            { key: 'after', title: words.version(to.number), right: true, cell: (row) => number(row.after) },
            { key: 'change', title: words.change, right: true, cell: (row) => (row.after === row.before ? '–' : <span className={row.after > row.before ? styles.more : styles.less}>{row.after > row.before ? '+' : '−'}{number(Math.abs(row.after - row.before))}</span>) },
          ]}
        />
      </div>
    </Card>
  );
}
