import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Images, Upload } from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';
import { client } from '../api/client';
import type { Dataset, Image } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { Button, ButtonLink } from '../parts/Button';
import { SelectField } from '../parts/Field';
import { Page } from '../parts/Page';
import { Empty, Skeleton } from '../parts/States';
import { Segments } from '../parts/Tabs';
import { notify } from '../parts/Toast';
import { forgetItems, ThumbnailGrid, usePagedItems } from '../parts/virtual';
import { ImageDialog } from './ImageDialog';
import styles from './Images.module.css';
import { imageWords } from './imageWords';
import { hasAnnotations, useDataset, useDatasetMay } from './useDataset';
import { useOpenItem } from './useOpenItem';
import { datasetWords } from './words';

const PAGE = 100;
/** An image of the address is looked for among so many at the head of the list: the API gives no place of an image. */
const SEARCHED = 2000;

export function ImagesTab() {
  const words = useWords(imageWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const dataset = useDataset(datasetId).data;
  return (
    <Page wide title={words.title}>
      {dataset === undefined ? <Skeleton lines={8} height={64} /> : <ImageList dataset={dataset} />}
    </Page>
  );
}

function ImageList({ dataset }: { dataset: Dataset }) {
  const words = useWords(imageWords);
  const names = useWords(datasetWords);
  const search = useSearch({ from: '/members/datasets/$datasetId/' });
  const navigate = useNavigate({ from: '/datasets/$datasetId' });
  const may = useDatasetMay(dataset.id);
  const annotated = hasAnnotations(dataset.taskType);
  const [stamp, setStamp] = useState(0);
  const prefix = `dataset-images/${dataset.id}`;
  const query = { ...(search.class ? { class: search.class } : {}), ...(annotated && search.annotated ? { annotated: search.annotated === 'yes' } : {}), sort: search.order === 'oldest' ? ('createdAt' as const) : ('-createdAt' as const), limit: PAGE };
  // Another number of images means another list.
  const items = usePagedItems<Image>(`${prefix}/${JSON.stringify(query)}/${dataset.imageCount}`, async (cursor) =>
    (await client.GET('/api/v1/datasets/{id}/images', { params: { path: { id: dataset.id }, query: { ...query, ...(cursor === null ? {} : { cursor }) } } })).data!);
  useSyncExternalStore(items.subscribe, () => items.count);
  const reload = (): void => {
    forgetItems(prefix);
    setStamp(stamp + 1);
  };
  const total = totalOf(dataset, search);
  const setSearch = (next: Partial<typeof search>): void => void navigate({ search: { ...search, ...next }, replace: true });
  const isFiltered = search.class !== undefined || search.annotated !== undefined;
  const empty = !isFiltered
    ? <Empty icon={<Images />} title={words.none} action={may('datasets:write') && <ButtonLink look="primary" icon={<Upload />} to="/datasets/$datasetId/upload" params={{ datasetId: dataset.id }}>{words.upload}</ButtonLink>}>{words.noneText}</Empty>
    : <Empty icon={<Images />} title={search.class === undefined && search.annotated === 'no' ? words.allDone : search.class === undefined ? words.noneAnnotated : words.noneFound} action={<Button onClick={() => setSearch({ class: undefined, annotated: undefined })}>{words.clear}</Button>}>{search.class !== undefined && words.noneFoundText}</Empty>;
  const caption = (image: Image): string => image.path.split('/').at(-1) ?? image.path;
  return (
    <div className={styles.tab}>
      <div className={styles.toolbar} role="group" aria-label={words.filters}>
        <div className={styles.classFilter}>
          <SelectField
            label={words.class} hideLabel value={search.class ?? ''} onChange={(value) => setSearch({ class: value || undefined })}
            options={[{ value: '', label: words.allClasses }, ...dataset.classes.map(({ name, imageCount }) => ({ value: name, label: words.classOption(name, number(imageCount)) }))]}
          />
        </div>
        {annotated && <Segments label={words.state} value={search.annotated ?? 'all'} onChange={(value) => setSearch({ annotated: value === 'all' ? undefined : value })} options={[{ value: 'all', label: words.all }, { value: 'yes', label: words.annotated }, { value: 'no', label: words.notAnnotated }]} />}
        <Segments label={words.order} value={search.order ?? 'newest'} onChange={(value) => setSearch({ order: value === 'oldest' ? 'oldest' : undefined })} options={[{ value: 'newest', label: words.newest }, { value: 'oldest', label: words.oldest }]} />
        <span className={styles.count} role="status">{(items.count ?? total) === undefined ? '' : words.shown(number(items.count ?? total ?? 0))}</span>
      </div>
      <ThumbnailGrid
        key={`${stamp}/${JSON.stringify(query)}`} label={words.gridLabel} items={items} {...(total === undefined ? {} : { total })} height="max(360px, calc(100dvh - 262px))" empty={empty}
        thumbnail={(image) => ({ key: image.id, src: image.thumbnailUrl ?? image.url, label: image.class === null ? image.path : `${image.path}, ${image.class}`, caption: caption(image), ...(annotated ? {} : { badge: image.class ?? names.noClass }) })}
        onOpen={(image) => void navigate({ search: { ...search, image: image.id } })}
      />
      {search.image !== undefined && <OpenImage dataset={dataset} imageId={search.image} items={items} onShow={(image) => setSearch({ image })} onReload={reload} />}
    </div>
  );
}

/** How many images a filter leaves, where the dataset says so. */
function totalOf(dataset: Dataset, filter: { class?: string | undefined; annotated?: 'yes' | 'no' | undefined }): number | undefined {
  const annotated = dataset.annotatedCount ?? 0;
  if (filter.class !== undefined) return filter.annotated === 'no' ? 0 : dataset.classes.find(({ name }) => name === filter.class)?.imageCount;
  return filter.annotated === 'yes' ? annotated : filter.annotated === 'no' ? dataset.imageCount - annotated : dataset.imageCount;
}

type Items = ReturnType<typeof usePagedItems<Image>>;

/** The image of the address, found in the list. */
function OpenImage({ dataset, imageId, items, onShow, onReload }: { dataset: Dataset; imageId: string; items: Items; onShow: (imageId: string | undefined) => void; onReload: () => void }) {
  const words = useWords(imageWords);
  const current = useOpenItem(items, imageId, (image) => image.id, SEARCHED, () => {
    notify(words.notFound);
    onShow(undefined);
  });
  if (current === null) return <p className={styles.searching} role="status">{words.searching}</p>;
  const step = (by: 1 | -1): void => {
    const next = current.index + by;
    const image = next < 0 ? undefined : items.get(next);
    if (image !== undefined) onShow(image.id);
    // The next page is loaded before its first image is needed.
    if (by === 1) items.want(Math.max(0, next - 1), next + 8);
  };
  return <ImageDialog dataset={dataset} image={current.item} onClose={() => onShow(undefined)} onStep={step} onDeleted={() => { onShow(items.get(current.index + 1)?.id ?? items.get(current.index - 1)?.id); onReload(); }} onExpired={onReload} />;
}
