import { useQueryClient } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight, ExternalLink, SquareDashedMousePointer, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { api } from '../api/client';
import type { Dataset, Image } from '../api/schema';
import { ago, bytes, dateTime, number } from '../app/format';
import { useWords } from '../app/words';
import { Button, ButtonLink } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { ConfirmDialog, Dialog } from '../parts/Dialog';
import { Row } from '../parts/Page';
import { notify } from '../parts/Toast';
import styles from './Images.module.css';
import { imageWords } from './imageWords';
import { LazyViewer } from './LazyViewer';
import { classNamesOf, hasAnnotations, useDatasetMay } from './useDataset';
import { useStepKeys } from './useStepKeys';
import { datasetWords } from './words';

/** One image of a dataset with its annotations. */
export function ImageDialog({ dataset, image, onClose, onStep, onDeleted, onExpired }: {
  dataset: Dataset;
  image: Image;
  onClose: () => void;
  onStep: (by: 1 | -1) => void;
  onDeleted: () => void;
  /** The address of the image may have expired. */
  onExpired: () => void;
}) {
  const words = useWords(imageWords);
  const names = useWords(datasetWords);
  const may = useDatasetMay(dataset.id);
  const queries = useQueryClient();
  const [deleting, setDeleting] = useState(false);
  useStepKeys(onStep);
  const annotated = hasAnnotations(dataset.taskType);
  const path = { params: { path: { id: dataset.id, imageId: image.id } } };
  const annotations = api.useQuery('get', '/api/v1/datasets/{id}/images/{imageId}/annotations', path, { enabled: annotated });
  const remove = api.useMutation('delete', '/api/v1/datasets/{id}/images/{imageId}', {
    onError: () => undefined,
    onSuccess: () => {
      notify(words.removed(image.path));
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}'] });
      setDeleting(false);
      onDeleted();
    },
  });
  const told = annotations.data;
  const state = !annotated ? null : annotations.isError ? words.annotationsFailed : told === undefined ? ' ' : !told.annotated ? words.neverAnnotated : told.annotations.length === 0 ? words.noObjects : told.annotatedAt === null ? ' ' : words.annotatedAt(ago(told.annotatedAt));
  const facts: [string, ReactNode][] = [
    [words.path, image.path],
    ...(annotated ? [] : [[words.class, image.class ?? names.noClass] as [string, ReactNode]]),
    [words.pixels, `${number(image.width)} × ${number(image.height)}`], [words.size, bytes(image.size)], [words.type, image.contentType],
    [words.givenSplit, image.split === null ? words.notGiven : names.splits[image.split]], [words.uploaded, dateTime(image.createdAt)], [words.sha256, <CopyText key="sha" text={image.sha256} short />],
  ];
  return (
    <Dialog open wide="full" onClose={onClose} title={image.path.split('/').at(-1) ?? image.path}>
      <div className={styles.dialog}>
        <div className={styles.stage}>
          <LazyViewer
            key={image.id} src={image.url} name={image.path} size={image} height="100%" classes={classNamesOf(dataset)} truth={told?.annotations}
            skeleton={dataset.keypoints?.skeleton} keypointNames={dataset.keypoints?.names} onExpired={onExpired}
          />
        </div>
        <aside className={styles.about} aria-label={words.details}>
          <Row>
            <Button icon={<ChevronLeft />} aria-label={words.previous} title={words.keys} onClick={() => onStep(-1)} />
            <Button icon={<ChevronRight />} aria-label={words.next} title={words.keys} onClick={() => onStep(1)} />
            <a className={styles.original} href={image.url} target="_blank" rel="noopener noreferrer"><ExternalLink aria-hidden="true" />{words.original}</a>
          </Row>
          {state !== null && <p className={styles.state}>{state}</p>}
          <dl className={styles.facts}>{facts.map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>
          {!annotated && <p className={styles.state}>{words.classFixed}</p>}
          <Row>
            {annotated && may('datasets:annotate') && <ButtonLink icon={<SquareDashedMousePointer />} to="/datasets/$datasetId/annotate" params={{ datasetId: dataset.id }} search={{ image: image.id }}>{words.annotate}</ButtonLink>}
            <Button look="danger" icon={<Trash2 />} disabled={!may('datasets:delete')} title={may('datasets:delete') ? undefined : names.may('datasets:delete')} onClick={() => setDeleting(true)}>{words.remove}</Button>
          </Row>
          <p className={styles.state}>{words.keys}</p>
        </aside>
      </div>
      <ConfirmDialog open={deleting} onClose={() => { setDeleting(false); remove.reset(); }} title={words.removeTitle} confirm={words.remove} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate(path)}>
        <p>{words.removeText(image.path)}</p>
      </ConfirmDialog>
    </Dialog>
  );
}
