import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { GraduationCap, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { api, client } from '../api/client';
import { useMay } from '../api/permissions';
import { asProblem } from '../api/problem';
import type { Dataset, Version, VersionImage } from '../api/schema';
import { bytes, dateTime, number } from '../app/format';
import { useWords } from '../app/words';
import { ButtonLink } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { Card, Facts, Page, Stack } from '../parts/Page';
import { ErrorState, Skeleton } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { Segments } from '../parts/Tabs';
import { forgetItems, ThumbnailGrid, usePagedItems } from '../parts/virtual';
import { DownloadButton } from './DownloadButton';
import styles from './Versions.module.css';
import { LIVE } from './ImportsTab';
import { colourOfClass } from './names';
import datasetStyles from './Datasets.module.css';
import { SplitBar } from './SplitBar';
import { splitNames, type SplitName } from './splits';
import { hasAnnotations, useDataset, useDatasetMay } from './useDataset';
import { VersionImageDialog } from './VersionImageDialog';
import { VersionState } from './VersionsTab';
import { versionWords } from './versionWords';
import { datasetWords } from './words';

/** Versions have no previews, so the grid shows the files themselves up to this size. */
const LARGEST_PREVIEW = 1_500_000;

export function VersionPage() {
  const words = useWords(versionWords);
  const { datasetId, versionId } = useParams({ from: '/members/datasets/$datasetId/versions/$versionId' });
  const dataset = useDataset(datasetId).data;
  const may = useDatasetMay(datasetId);
  const mayTrain = useMay({ projectId: dataset?.projectId })('training:run') && dataset !== undefined;
  const version = api.useQuery('get', '/api/v1/datasets/{id}/versions/{versionId}', { params: { path: { id: datasetId, versionId } } }, { staleTime: 600_000, refetchInterval: (query) => (query.state.data?.state === 'publishing' ? LIVE : false) });
  const back = <Link to="/datasets/$datasetId/versions" params={{ datasetId }}>{words.allVersions}</Link>;
  if (version.isError) return <Page title={words.number} subtitle={back}><ErrorState error={asProblem(version.error)} onRetry={() => void version.refetch()} /></Page>;
  const data = version.data;
  if (data === undefined || dataset === undefined) return <Page wide title={words.number} subtitle={back}><Card><Skeleton lines={6} height={20} /></Card></Page>;
  const ready = data.state === 'ready';
  return (
    <Page
      wide title={words.version(data.number)} subtitle={back} badges={<VersionState state={data.state} />}
      actions={ready && <>{may('datasets:read') && <DownloadButton datasetId={datasetId} versionId={versionId} name={`${dataset.name}-v${data.number}.zip`} />}{mayTrain && !data.unlabeled && <ButtonLink look="primary" icon={<GraduationCap />} to="/projects/$projectId/jobs/new" params={{ projectId: dataset.projectId }} search={{ version: versionId } as never}>{words.train1}</ButtonLink>}</>}
    >
      {data.state === 'publishing' && <p role="status" className={styles.publishing}>{words.publishing}</p>}
      {data.error !== null && <div className={styles.failed} role="alert"><strong>{words.failed}</strong><p>{data.error}</p></div>}
      <Warnings version={data} />
      <div className={styles.columns}>
        <Card title={words.about1}>
          <Stack>
            <SplitBar counts={data.splits} legend />
            <Facts items={[[words.images, number(data.imageCount)], [words.size, bytes(data.sizeBytes)], [words.published, dateTime(data.createdAt)], [words.note, data.note ?? '–'], [words.hash, <CopyText key="hash" text={data.hash} short />]]} />
          </Stack>
        </Card>
        <Classes version={data} annotated={hasAnnotations(dataset.taskType)} />
      </div>
      {ready && <VersionImages dataset={dataset} version={data} onExpired={() => void version.refetch()} />}
    </Page>
  );
}

function Warnings({ version }: { version: Version }) {
  const words = useWords(versionWords);
  if (version.warnings.length === 0) return null;
  return (
    <Card title={words.warningTitle}>
      <ul className={styles.warnings}>
        {version.warnings.map((warning, index) => (
          <li key={index}><TriangleAlert aria-hidden="true" /><div><strong>{words.kinds[warning.kind]}</strong><p>{warning.message}</p><p className={styles.advice}>{words.advice[warning.kind]}</p></div></li>
        ))}
      </ul>
    </Card>
  );
}

function Classes({ version, annotated }: { version: Version; annotated: boolean }) {
  const words = useWords(versionWords);
  type Row = Version['classes'][number] & { place: number };
  const columns: Column<Row>[] = [
    { key: 'class', title: words.class, cell: (row) => <span className={datasetStyles.named}><span className={datasetStyles.swatch} style={{ background: colourOfClass(row.place) }} aria-hidden="true" />{row.name}</span> },
    { key: 'images', title: words.images, right: true, cell: (row) => number(row.imageCount) },
    ...(annotated ? [{ key: 'objects', title: words.objects, right: true, cell: (row: Row) => number(row.objectCount ?? 0) }, ...splitNames.map((split) => ({ key: split, title: words[split], right: true, secondary: true, cell: (row: Row) => number(row.objects?.[split] ?? 0) }))] : []),
  ];
  return <Card title={words.classes} flush><div className={styles.classTable}><Table label={words.classTable} columns={columns} rows={version.classes.map((item, place) => ({ ...item, place }))} rowKey={(row) => row.name} /></div></Card>;
}

function VersionImages({ dataset, version, onExpired }: { dataset: Dataset; version: Version; onExpired: () => void }) {
  const words = useWords(versionWords);
  const names = useWords(datasetWords);
  const search = useSearch({ from: '/members/datasets/$datasetId/versions/$versionId' });
  const navigate = useNavigate({ from: '/datasets/$datasetId/versions/$versionId' });
  const [stamp, setStamp] = useState(0);
  const annotated = hasAnnotations(dataset.taskType);
  const prefix = `version-images/${version.id}`;
  const items = usePagedItems<VersionImage>(`${prefix}/${search.split ?? ''}`, async (cursor) =>
    (await client.GET('/api/v1/datasets/{id}/versions/{versionId}/images', { params: { path: { id: dataset.id, versionId: version.id }, query: { limit: 100, ...(search.split === undefined ? {} : { split: search.split }), ...(cursor === null ? {} : { cursor }) } } })).data!);
  const reload = (): void => {
    forgetItems(prefix);
    setStamp(stamp + 1);
    onExpired();
  };
  const total = search.split === undefined ? version.imageCount : version.splits[search.split as SplitName];
  return (
    <Card title={words.imagesOf} flush actions={<Segments<SplitName | 'all'> label={words.split} value={search.split ?? 'all'} onChange={(split) => void navigate({ search: { split: split === 'all' ? undefined : split }, replace: true })} options={[{ value: 'all', label: words.allSplits }, ...splitNames.map((split) => ({ value: split, label: names.splits[split] }))]} />}>
      <ThumbnailGrid
        key={`${stamp}/${search.split ?? ''}`} label={words.gridLabel} items={items} total={total} height="max(360px, calc(100dvh - 200px))" empty={<p className={styles.none}>{words.noImages}</p>}
        thumbnail={(image) => ({ key: image.path, src: image.size <= LARGEST_PREVIEW ? image.url : null, label: image.class === null ? image.path : `${image.path}, ${image.class}`, caption: annotated ? (image.path.split('/').at(-1) ?? image.path) : `${image.class ?? names.noClass} · ${image.path.split('/').at(-1) ?? ''}`, badge: names.splits[image.split] })}
        onOpen={(image) => void navigate({ search: { ...search, image: image.path } })}
      />
      {search.image !== undefined && <VersionImageDialog dataset={dataset} version={version} items={items} path={search.image} onShow={(image) => void navigate({ search: { ...search, image }, replace: true })} onExpired={reload} />}
    </Card>
  );
}
