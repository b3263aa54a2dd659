import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ChartColumn, CircleCheck, TriangleAlert } from 'lucide-react';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { api, client } from '../api/client';
import { asProblem, ProblemError } from '../api/problem';
import type { Dataset, Version } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { Badge, type Tone } from '../parts/Badge';
import { Button } from '../parts/Button';
import { SelectField } from '../parts/Field';
import { Card, Page, Row } from '../parts/Page';
import { Progress } from '../parts/Progress';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { LARGEST_READ, readManifest } from './manifest';
import { findingsOf, Statistics, type Figures, type Finding } from './statistics';
import styles from './Statistics.module.css';
import { statisticsWords } from './statisticsWords';
import { hasAnnotations, useDataset } from './useDataset';
import { datasetWords } from './words';

const Figure = lazy(async () => ({ default: (await import('./StatisticsFigures')).StatisticsFigures }));
/** Images of the dataset that are read at first; a page has 200. */
const SAMPLE = 1000;

export function StatisticsTab() {
  const words = useWords(statisticsWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const search = useSearch({ from: '/members/datasets/$datasetId/statistics' });
  const navigate = useNavigate({ from: '/datasets/$datasetId/statistics' });
  const dataset = useDataset(datasetId).data;
  const versions = api.useQuery('get', '/api/v1/datasets/{id}/versions', { params: { path: { id: datasetId }, query: { limit: 200 } } });
  const ready = versions.data?.items.filter((version) => version.state === 'ready') ?? [];
  if (dataset === undefined || versions.isPending) return <Page title={words.title}><Skeleton lines={8} height={32} /></Page>;
  if (dataset.imageCount === 0 && ready.length === 0) return <Page title={words.title}><Empty icon={<ChartColumn />} title={words.noImages}>{words.noImagesText}</Empty></Page>;
  const version = ready.find(({ id }) => id === search.version);
  return (
    <Page title={words.title} subtitle={words.text} actions={
      <SelectField
        label={words.source} hideLabel value={version?.id ?? ''} onChange={(id) => void navigate({ search: { version: id || undefined }, replace: true })}
        options={[{ value: '', label: words.now(number(dataset.imageCount)) }, ...ready.map((each) => ({ value: each.id, label: words.version(each.number) }))]}
      />
    }>
      {version === undefined ? <OfDataset key={dataset.imageCount} dataset={dataset} /> : version.imageCount > LARGEST_READ ? <p>{words.tooLarge(number(LARGEST_READ))}</p> : <OfVersion key={version.id} dataset={dataset} version={version} />}
    </Page>
  );
}

function OfVersion({ dataset, version }: { dataset: Dataset; version: Version }) {
  const words = useWords(statisticsWords);
  const [read, setRead] = useState(0);
  const figures = useQuery({
    queryKey: ['version-statistics', version.id], staleTime: Infinity, gcTime: 300_000, retry: 1,
    queryFn: async ({ signal }) => {
      const fresh = (await client.GET('/api/v1/datasets/{id}/versions/{versionId}', { params: { path: { id: dataset.id, versionId: version.id } }, signal })).data!;
      const statistics = new Statistics(version.classes.map(({ name }) => name));
      let images = 0;
      for await (const batch of readManifest(fresh.manifestUrl ?? '', signal)) {
        for (const line of batch) statistics.add(line);
        setRead((images += batch.length));
      }
      return statistics.result();
    },
  });
  if (figures.isError) return <Failure error={figures.error} onRetry={() => void figures.refetch()} />;
  if (figures.data === undefined) return <Reading read={read} all={version.imageCount} />;
  return <Report dataset={dataset} figures={figures.data} published note={words.whole(number(version.imageCount))} />;
}

/** The dataset itself has no file with all its images, so the latest ones are read from the list, and more on request. */
function OfDataset({ dataset }: { dataset: Dataset }) {
  const words = useWords(statisticsWords);
  const [limit, setLimit] = useState(SAMPLE);
  const [read, setRead] = useState(0);
  const figures = useQuery({
    queryKey: ['dataset-statistics', dataset.id, dataset.imageCount, limit], staleTime: 60_000, gcTime: 300_000, retry: 1, placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const statistics = new Statistics(dataset.classes.map(({ name }) => name));
      let cursor: string | null = null;
      let images = 0;
      do {
        const page: { items: { path: string; sha256: string; width: number; height: number; size: number; class: string | null; split: 'train' | 'val' | 'test' | null }[]; nextCursor: string | null } =
          (await client.GET('/api/v1/datasets/{id}/images', { params: { path: { id: dataset.id }, query: { limit: 200, ...(cursor === null ? {} : { cursor }) } }, signal })).data!;
        // The list of images does not have their annotations.
        for (const { class: label, ...image } of page.items) statistics.add(hasAnnotations(dataset.taskType) ? image : { ...image, class: label });
        setRead((images += page.items.length));
        cursor = page.nextCursor;
      } while (cursor !== null && images < limit);
      return { figures: statistics.result(), ended: cursor === null };
    },
  });
  if (figures.isError) return <Failure error={figures.error} onRetry={() => void figures.refetch()} />;
  if (figures.data === undefined) return <Reading read={read} all={Math.min(limit, dataset.imageCount)} />;
  const { figures: found, ended } = figures.data;
  // The API counts the classes of all images; only sizes and copies come from those that were read.
  const classes = dataset.classes.map(({ name, imageCount, objectCount }) => ({ name, images: { train: 0, val: 0, test: 0 }, unsplit: imageCount, total: imageCount, objects: objectCount ?? 0 }));
  return (
    <Report
      dataset={dataset} figures={{ ...found, classes }} published={false}
      note={ended ? words.whole(number(found.images)) : <>{words.sample(number(found.images), number(dataset.imageCount))} {limit < LARGEST_READ && <Button size="small" busy={figures.isFetching} onClick={() => setLimit(limit * 4)}>{words.readMore}</Button>}</>}
    />
  );
}

function Reading({ read, all }: { read: number; all: number }) {
  const words = useWords(statisticsWords);
  return <div className={styles.reading}><Progress value={read / Math.max(1, all)} label={words.title} /><p role="status">{words.reading(number(read), number(all))}</p></div>;
}

function Failure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const words = useWords(statisticsWords);
  const names = useWords(datasetWords);
  return error instanceof ProblemError ? <ErrorState error={asProblem(error)} onRetry={onRetry} /> : <Empty icon={<TriangleAlert />} title={words.failed} action={<Button onClick={onRetry}>{names.retry}</Button>} />;
}

function Report({ dataset, figures, published, note }: { dataset: Dataset; figures: Figures; published: boolean; note: ReactNode }) {
  const words = useWords(statisticsWords);
  const annotated = hasAnnotations(dataset.taskType);
  const path = { path: { id: dataset.id }, query: { limit: 50 } };
  const archives = api.useQuery('get', '/api/v1/datasets/{id}/archives', { params: path }, { staleTime: 60_000 });
  const imports = api.useQuery('get', '/api/v1/datasets/{id}/annotation-imports', { params: path }, { staleTime: 60_000, enabled: annotated });
  const findings = findingsOf(figures, {
    classification: !annotated, published, unannotated: annotated ? dataset.imageCount - (dataset.annotatedCount ?? 0) : 0,
    refusedFiles: archives.data?.items.reduce((sum, { refused }) => sum + refused, 0) ?? 0,
    refusedEntries: imports.data?.items.reduce((sum, { refusedImages, refusedAnnotations }) => sum + refusedImages + refusedAnnotations, 0) ?? 0,
  });
  return (
    <>
      <p className={styles.note}>{note}</p>
      <Card title={words.quality}>
        {findings.length === 0 ? <Empty icon={<CircleCheck />} title={words.fine}>{words.fineText}</Empty> : <ul className={styles.findings}>{findings.map((finding) => <FindingItem key={finding.kind} finding={finding} datasetId={dataset.id} />)}</ul>}
      </Card>
      <Suspense fallback={<Skeleton lines={6} height={40} />}><Figure dataset={dataset} figures={figures} published={published} /></Suspense>
    </>
  );
}

const tones: Record<Finding['severity'], Tone> = { bad: 'bad', warn: 'warn', info: 'info' };

function FindingItem({ finding, datasetId }: { finding: Finding; datasetId: string }) {
  const words = useWords(statisticsWords);
  const params = { datasetId };
  const examples = finding.paths;
  return (
    <li className={styles.finding}>
      <Badge tone={tones[finding.severity]}>{words.severities[finding.severity]}</Badge>
      <div>
        <h3>{words.findings[finding.kind](number(finding.count))}</h3>
        {finding.names.length > 0 && <p className={styles.names}>{finding.names.slice(0, 12).join(', ')}{finding.names.length > 12 && ` ${words.moreClasses(number(finding.names.length - 12))}`}</p>}
        <p className={styles.advice}>{words.advice[finding.kind]}</p>
        <Row gap={4}>
          {finding.kind === 'unannotated' && <><Link to="/datasets/$datasetId" params={params} search={{ annotated: 'no' }}>{words.showThem}</Link><Link to="/datasets/$datasetId/annotate" params={params} search={{ left: true }}>{words.annotate}</Link></>}
          {finding.kind === 'rare' && finding.names[0] !== undefined && <Link to="/datasets/$datasetId" params={params} search={{ class: finding.names[0] }}>{words.showThem}</Link>}
          {(finding.kind === 'refusedFiles' || finding.kind === 'refusedEntries') && <Link to="/datasets/$datasetId/imports" params={params}>{words.openReports}</Link>}
        </Row>
        {examples.length > 0 && <details className={styles.examples}><summary>{words.examples(number(examples.length))}</summary><ul>{examples.map((path) => <li key={path}>{path}</li>)}</ul></details>}
      </div>
    </li>
  );
}
