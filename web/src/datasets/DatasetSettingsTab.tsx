import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { bytes, dateTime, number, percent } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { ConfirmDialog } from '../parts/Dialog';
import { Card, Facts, Page, Row, Stack } from '../parts/Page';
import { Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import styles from './Datasets.module.css';
import { useDataset, useDatasetMay } from './useDataset';
import { datasetWords } from './words';

/** What was chosen for a dataset, and its end. */
export function DatasetSettingsTab() {
  const words = useWords(datasetWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const dataset = useDataset(datasetId).data;
  const may = useDatasetMay(datasetId);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [deleting, setDeleting] = useState(false);
  const versions = api.useQuery('get', '/api/v1/datasets/{id}/versions', { params: { path: { id: datasetId }, query: { limit: 200 } } }, { enabled: deleting });
  const remove = api.useMutation('delete', '/api/v1/datasets/{id}', {
    onError: () => undefined,
    onSuccess: () => {
      if (dataset === undefined) return;
      notify(words.deleted(dataset.name));
      queries.removeQueries({ queryKey: ['get', '/api/v1/datasets/{id}'] });
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets'] });
      void navigate({ to: '/projects/$projectId/datasets', params: { projectId: dataset.projectId } });
    },
  });
  if (dataset === undefined) return <Page title={words.settings}><Card><Skeleton lines={5} /></Card></Page>;
  const [train = 0, val = 0, test = 0] = dataset.split.ratios;
  const shares = words.splitIs(percent(train), percent(val), percent(test));
  return (
    <Page title={words.settings}>
      <Card title={words.about}>
        <Stack>
          <Facts
            items={[
              [words.name, dataset.name], [words.task, words.tasks[dataset.taskType]], [words.split, dataset.split.stratified ? `${shares}, ${words.isStratified}` : shares],
              [words.description, dataset.description ?? '–'], [words.size, bytes(dataset.sizeBytes)], [words.createdAt, dateTime(dataset.createdAt)], [words.id, <CopyText key="id" text={dataset.id} />],
            ]}
          />
          <p className={styles.note}>{words.fixed}</p>
        </Stack>
      </Card>
      <Card title={words.danger}>
        <Row between gap={4}>
          <p>{may('datasets:delete') ? words.deleteText : words.may('datasets:delete')}</p>
          <Button look="danger" icon={<Trash2 />} disabled={!may('datasets:delete')} onClick={() => setDeleting(true)}>{words.deleteDataset}</Button>
        </Row>
      </Card>
      <ConfirmDialog
        open={deleting} onClose={() => { setDeleting(false); remove.reset(); }} title={words.deleteTitle(dataset.name)} confirm={words.deleteDataset} typed={dataset.name} busy={remove.isPending} error={remove.error}
        onConfirm={() => remove.mutate({ params: { path: { id: datasetId } } })}
      >
        <p>{words.destroys}</p>
        <ul className={styles.bullets}>
          <li>{words.destroysImages(number(dataset.imageCount), bytes(dataset.sizeBytes))}</li>
          {versions.data !== undefined && <li>{words.destroysVersions(versions.data.nextCursor === null ? number(versions.data.items.length) : `${number(versions.data.items.length)}+`)}</li>}
          <li>{words.destroysShares}</li>
        </ul>
        <p>{words.keeps}</p>
      </ConfirmDialog>
    </Page>
  );
}
