import { useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ImageLayout } from '../api/schema';
import { useLanguage, useWords } from '../app/words';
import { Card, Page, Stack } from '../parts/Page';
import { Skeleton } from '../parts/States';
import { Segments } from '../parts/Tabs';
import styles from './Images.module.css';
import { UploadPanel, uploadWordsEn, uploadWordsKo } from './upload';
import { uploadApiOf } from './uploadApi';
import { hasAnnotations, useDataset, useDatasetMay } from './useDataset';
import { uploadTabWords } from './uploadTabWords';
import { datasetWords } from './words';

/** The dataset is asked for at most so often while images arrive. */
const REFRESH = 5000;

/** Takes folders, files and archives. The upload goes on while other pages are shown. */
export function UploadTab() {
  const words = useWords(uploadTabWords);
  const names = useWords(datasetWords);
  const language = useLanguage();
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const dataset = useDataset(datasetId).data;
  const may = useDatasetMay(datasetId);
  const queries = useQueryClient();
  const [layout, setLayout] = useState<ImageLayout | null>(null);
  const current = useRef<ImageLayout | null>(null);
  current.current = layout;
  const api = useMemo(() => uploadApiOf(datasetId, () => current.current ?? undefined), [datasetId]);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const refresh = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}'] });
    }, REFRESH);
  }, [queries]);
  // What arrived while the page is left is shown by the next one.
  useEffect(() => () => { if (timer.current !== null) void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}'] }); }, [queries]);
  if (dataset === undefined) return <Page title={words.title}><Skeleton lines={6} height={40} /></Page>;
  if (!may('datasets:write')) return <Page title={words.title}><Card>{names.may('datasets:write')}</Card></Page>;
  const annotated = hasAnnotations(dataset.taskType);
  const usual: ImageLayout = annotated ? 'flat' : 'folders_are_classes';
  const shown = layout ?? usual;
  const layouts: ImageLayout[] = annotated ? ['flat', 'splits_and_classes'] : ['folders_are_classes', 'splits_and_classes', 'flat'];
  return (
    <Page title={words.title} subtitle={words.text}>
      <Stack>
        <div>
          <p className={styles.label}>{words.layout}</p>
          <Segments label={words.layout} value={shown} onChange={setLayout} options={layouts.map((value) => ({ value, label: annotated && value === 'splits_and_classes' ? words.splitsOnly : words.layouts[value] }))} />
          <p className={styles.state}>{annotated && shown === 'splits_and_classes' ? words.splitsOnlyText : words.layoutTexts[shown]}</p>
        </div>
        <UploadPanel datasetId={datasetId} api={api} words={language === 'ko' ? uploadWordsKo : uploadWordsEn} onImages={refresh} />
        {annotated && <p className={styles.state}>{words.annotationsNext} <Link to="/datasets/$datasetId/imports" params={{ datasetId }}>{names.tabImports}</Link></p>}
      </Stack>
    </Page>
  );
}
