import { Link } from '@tanstack/react-router';
import { ImageOff } from 'lucide-react';
import { useRef, useState } from 'react';
import { api } from '../api/client';
import type { Dataset, TaskType } from '../api/schema';
import { ago, bytes, number, percent } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { useVisible } from '../parts/useVisible';
import styles from './Datasets.module.css';
import { useDataset } from './useDataset';
import { datasetWords } from './words';

type Known = Pick<Dataset, 'id' | 'name' | 'description' | 'taskType'> & Partial<Dataset>;

/** A dataset at a glance: its latest images, task, number and size. What the caller does not know is asked for when the card comes into view. */
export function DatasetPreview({ dataset: known, note }: { dataset: Known; note?: string }) {
  const words = useWords(datasetWords);
  const card = useRef<HTMLAnchorElement>(null);
  const visible = useVisible(card);
  const asked = useDataset(known.id, visible && known.imageCount === undefined);
  const dataset = asked.data ?? known;
  return (
    <Link ref={card} to="/datasets/$datasetId" params={{ datasetId: dataset.id }} className={styles.card}>
      <Thumbnails datasetId={dataset.id} visible={visible} empty={dataset.imageCount === 0} />
      <span className={styles.cardText}>
        <span className={styles.cardName}>{dataset.name}</span>
        <span className={styles.description}>{dataset.description ?? ''}</span>
        <span className={styles.facts}>
          <TaskBadge task={dataset.taskType} />
          {dataset.imageCount !== undefined && <span>{words.images(number(dataset.imageCount))}</span>}
          {dataset.sizeBytes !== undefined && dataset.sizeBytes > 0 && <span>{bytes(dataset.sizeBytes)}</span>}
          {dataset.annotatedCount != null && dataset.imageCount !== undefined && dataset.imageCount > 0 && <span>{words.annotated(percent(dataset.annotatedCount / dataset.imageCount, 0))}</span>}
        </span>
        <span className={styles.note}>{note ?? (dataset.createdAt === undefined ? ' ' : words.created(ago(dataset.createdAt)))}</span>
      </span>
    </Link>
  );
}

export function TaskBadge({ task }: { task: TaskType }) {
  return <Badge tone="accent">{useWords(datasetWords).tasks[task]}</Badge>;
}

function Thumbnails({ datasetId, visible, empty }: { datasetId: string; visible: boolean; empty: boolean }) {
  const images = api.useQuery('get', '/api/v1/datasets/{id}/images', { params: { path: { id: datasetId }, query: { limit: 4 } } }, { enabled: visible && !empty, staleTime: 60_000 });
  const shown = images.data?.items ?? [];
  return (
    <span className={styles.mosaic} data-count={Math.max(1, shown.length)} aria-hidden="true">
      {shown.map((image) => <Thumbnail key={image.id} src={image.thumbnailUrl ?? image.url} />)}
      {shown.length === 0 && (empty || images.isSuccess || images.isError) && <span className={styles.noImage}><ImageOff /></span>}
    </span>
  );
}

function Thumbnail({ src }: { src: string }) {
  const [failed, setFailed] = useState(false);
  return failed ? <span className={styles.noImage}><ImageOff /></span> : <img src={src} alt="" loading="lazy" decoding="async" onError={() => setFailed(true)} />;
}
