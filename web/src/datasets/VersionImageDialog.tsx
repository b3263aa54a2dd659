import { useQuery } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight, ExternalLink } from 'lucide-react';
import { useEffect, useMemo, type ReactNode } from 'react';
import { client } from '../api/client';
import type { Dataset, Version, VersionImage } from '../api/schema';
import { bytes, number } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { Dialog } from '../parts/Dialog';
import { Row } from '../parts/Page';
import { notify } from '../parts/Toast';
import type { usePagedItems } from '../parts/virtual';
import styles from './Images.module.css';
import { imageWords } from './imageWords';
import { LazyViewer } from './LazyViewer';
import { ManifestFinder, manifestLines } from './manifest';
import { hasAnnotations } from './useDataset';
import { useOpenItem } from './useOpenItem';
import { useStepKeys } from './useStepKeys';
import { versionWords } from './versionWords';
import { datasetWords } from './words';

type Items = ReturnType<typeof usePagedItems<VersionImage>>;
const SEARCHED = 5000;

/** One image of a version with the truth that the version has for it, which may differ from what the dataset has now. */
export function VersionImageDialog({ dataset, version, items, path, onShow, onExpired }: { dataset: Dataset; version: Version; items: Items; path: string; onShow: (path: string | undefined) => void; onExpired: () => void }) {
  const words = useWords(versionWords);
  const current = useOpenItem(items, path, (image) => image.path, SEARCHED, () => {
    notify(words.notFound);
    onShow(undefined);
  });
  // One reader for all images that are opened; a manifest address works for an hour, so each pass asks for a new one.
  const finder = useMemo(() => {
    const abort = new AbortController();
    return new ManifestFinder(async function* () {
      const fresh = (await client.GET('/api/v1/datasets/{id}/versions/{versionId}', { params: { path: { id: version.datasetId, versionId: version.id } } })).data!;
      if (fresh.manifestUrl !== null) yield* manifestLines(fresh.manifestUrl, abort.signal);
    });
  }, [version.datasetId, version.id]);
  useEffect(() => () => finder.close(), [finder]);
  if (current === null) return <p role="status" className={styles.searching}>{words.imageSearch}</p>;
  const step = (by: 1 | -1): void => {
    const next = current.index + by;
    const image = next < 0 ? undefined : items.get(next);
    if (image !== undefined) onShow(image.path);
    if (by === 1) items.want(Math.max(0, next - 1), next + 8);
  };
  return <Shown dataset={dataset} version={version} image={current.item} finder={finder} onClose={() => onShow(undefined)} onStep={step} onExpired={onExpired} />;
}

function Shown({ dataset, version, image, finder, onClose, onStep, onExpired }: { dataset: Dataset; version: Version; image: VersionImage; finder: ManifestFinder; onClose: () => void; onStep: (by: 1 | -1) => void; onExpired: () => void }) {
  const words = useWords(versionWords);
  const texts = useWords(imageWords);
  const names = useWords(datasetWords);
  useStepKeys(onStep);
  const annotated = hasAnnotations(dataset.taskType);
  const truth = useQuery({ queryKey: ['version-truth', version.id, image.path], queryFn: () => finder.find(image.path), enabled: annotated, staleTime: Infinity, gcTime: 60_000, retry: 1 });
  const objects = truth.data?.annotations;
  const state = !annotated ? null : truth.isError ? words.truthFailed : truth.isPending ? words.truthLoading : objects === undefined || objects.length === 0 ? texts.noObjects : words.annotations(number(objects.length));
  const facts: [string, ReactNode][] = [
    [texts.path, image.path], ...(annotated ? [] : [[texts.class, image.class ?? names.noClass] as [string, ReactNode]]), [words.split, names.splits[image.split]],
    [texts.pixels, `${number(image.width)} × ${number(image.height)}`], [texts.size, bytes(image.size)], [texts.sha256, <CopyText key="sha" text={image.sha256} short />],
  ];
  return (
    <Dialog open wide="full" onClose={onClose} title={`${words.version(version.number)} · ${image.path.split('/').at(-1) ?? image.path}`}>
      <div className={styles.dialog}>
        <div className={styles.stage}>
          <LazyViewer key={image.path} src={image.url} name={image.path} size={image} height="100%" classes={version.classes.map(({ name }) => name)} truth={objects} skeleton={version.keypoints?.skeleton} keypointNames={version.keypoints?.names} onExpired={onExpired} />
        </div>
        <aside className={styles.about} aria-label={texts.details}>
          <Row>
            <Button icon={<ChevronLeft />} aria-label={texts.previous} title={texts.keys} onClick={() => onStep(-1)} />
            <Button icon={<ChevronRight />} aria-label={texts.next} title={texts.keys} onClick={() => onStep(1)} />
            <a className={styles.original} href={image.url} target="_blank" rel="noopener noreferrer"><ExternalLink aria-hidden="true" />{texts.original}</a>
          </Row>
          {state !== null && <p className={styles.state} role="status">{state}</p>}
          <dl className={styles.facts}>{facts.map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>
          <p className={styles.state}>{texts.keys}</p>
        </aside>
      </div>
    </Dialog>
  );
}
