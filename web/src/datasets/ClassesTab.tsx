import { useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Plus, Tags } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { Dataset } from '../api/schema';
import { number, percent } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { Card, Page } from '../parts/Page';
import { Empty, ProblemNote, Skeleton } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { partWords } from '../parts/words';
import styles from './Datasets.module.css';
import { NameList } from './NameList';
import { colourOfClass, folded, problemsOf, repeatedNames } from './names';
import { hasAnnotations, useDataset, useDatasetMay } from './useDataset';
import { datasetWords } from './words';

type Row = Dataset['classes'][number] & { place: number };

/** The classes of a dataset with how many images and objects each has. */
export function ClassesTab() {
  const words = useWords(datasetWords);
  const { datasetId } = useParams({ from: '/members/datasets/$datasetId' });
  const dataset = useDataset(datasetId).data;
  const may = useDatasetMay(datasetId);
  const [adding, setAdding] = useState(false);
  if (dataset === undefined) return <Page title={words.tabClasses}><Card><Skeleton lines={6} height={24} /></Card></Page>;
  const annotated = hasAnnotations(dataset.taskType);
  const add = annotated && may('datasets:write') && <Button look="primary" icon={<Plus />} onClick={() => setAdding(true)}>{words.addClasses}</Button>;
  const all = dataset.classes.reduce((sum, { imageCount, objectCount }) => sum + (annotated ? (objectCount ?? 0) : imageCount), 0);
  const columns: Column<Row>[] = [
    {
      key: 'class', title: words.classColumn,
      cell: (row) => <Link className={styles.named} to="/datasets/$datasetId" params={{ datasetId }} search={{ class: row.name }} title={words.showImages(row.name)}><span className={styles.swatch} style={{ background: colourOfClass(row.place) }} aria-hidden="true" />{row.name}</Link>,
    },
    { key: 'images', title: words.imagesColumn, right: true, cell: (row) => number(row.imageCount) },
    ...(annotated ? [{ key: 'objects', title: words.objectsColumn, right: true, cell: (row: Row) => number(row.objectCount ?? 0) }] : []),
    { key: 'share', title: words.shareColumn, right: true, secondary: true, cell: (row) => (all === 0 ? '–' : percent((annotated ? (row.objectCount ?? 0) : row.imageCount) / all)) },
  ];
  return (
    <Page title={words.tabClasses} actions={dataset.classes.length > 0 ? add : undefined}>
      {dataset.classes.length === 0
        ? <Empty icon={<Tags />} title={words.noClasses} action={add}>{annotated ? words.noClassesAdd : words.noClassesFolders}</Empty>
        : <Card flush><Table label={words.classTable} columns={columns} rows={dataset.classes.map((item, place) => ({ ...item, place }))} rowKey={(row) => row.name} /></Card>}
      {dataset.keypoints != null && (
        <Card title={words.skeletonOf} flush>
          <Table
            label={words.skeletonOf} rows={dataset.keypoints.names.map((name, place) => ({ name, place }))} rowKey={(row) => row.name}
            columns={[
              { key: 'name', title: words.keypoints, cell: (row) => row.name },
              { key: 'mirrored', title: words.mirrored, cell: (row) => dataset.keypoints!.names[dataset.keypoints!.flip[row.place] ?? row.place] ?? '–' },
              { key: 'lines', title: words.skeleton, secondary: true, cell: (row) => dataset.keypoints!.skeleton.filter((pair) => pair.includes(row.place)).map((pair) => dataset.keypoints!.names[pair[0] === row.place ? pair[1]! : pair[0]!]).join(', ') || '–' },
            ]}
          />
        </Card>
      )}
      {adding && <AddClasses dataset={dataset} onClose={() => setAdding(false)} />}
    </Page>
  );
}

function AddClasses({ dataset, onClose }: { dataset: Dataset; onClose: () => void }) {
  const words = useWords(datasetWords);
  const parts = useWords(partWords);
  const queries = useQueryClient();
  const [names, setNames] = useState(['']);
  const add = api.useMutation('post', '/api/v1/datasets/{id}/classes', {
    onError: () => undefined,
    onSuccess: (changed) => {
      notify(words.classesAdded(number(changed.classes.length - dataset.classes.length)));
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}'] });
      onClose();
    },
  });
  const fields = add.error === null ? {} : asProblem(add.error).fields;
  const filled = names.map((name) => name.trim()).filter((name) => name !== '');
  const known = new Set(dataset.classes.map(({ name }) => folded(name)));
  const isUnusable = filled.length === 0 || repeatedNames(names).size > 0 || filled.every((name) => known.has(folded(name)));
  return (
    <Dialog
      open onClose={onClose} title={words.addClasses} description={words.addClassesText} onSubmit={() => { if (!isUnusable) add.mutate({ params: { path: { id: dataset.id } }, body: { names: filled } }); }}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={add.isPending} disabled={isUnusable}>{words.addClasses}</Button></>}
    >
      <NameList label={words.classNames} error={problemsOf(fields, 'names')} nameLabel={words.className} addLabel={words.addClass} names={names} onChange={setNames} />
      {Object.keys(fields).length === 0 && <ProblemNote error={add.error} />}
    </Dialog>
  );
}
