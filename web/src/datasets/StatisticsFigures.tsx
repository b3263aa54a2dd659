import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Dataset } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { BarList, Histogram } from '../parts/charts';
import { Button } from '../parts/Button';
import { Card } from '../parts/Page';
import { splitNames } from './splits';
import type { Figures } from './statistics';
import styles from './Statistics.module.css';
import { statisticsWords } from './statisticsWords';
import { hasAnnotations } from './useDataset';

const SHOWN = 20;

/** Charts of the figures of a dataset or version. */
export function StatisticsFigures({ dataset, figures, published }: { dataset: Dataset; figures: Figures; published: boolean }) {
  const words = useWords(statisticsWords);
  const navigate = useNavigate();
  const [all, setAll] = useState(false);
  const classes = [...figures.classes].sort((a, b) => b.total - a.total);
  const shown = all ? classes : classes.slice(0, SHOWN);
  const open = (name: string) => () => void navigate({ to: '/datasets/$datasetId', params: { datasetId: dataset.id }, search: { class: name } });
  const annotated = hasAnnotations(dataset.taskType);
  return (
    <div className={styles.figures}>
      {classes.length > 0 && (
        <Card title={words.classes} actions={classes.length > SHOWN && !all && <Button size="small" onClick={() => setAll(true)}>{words.all}</Button>}>
          <BarList label={words.classes} {...(published ? { parts: splitNames.map((split) => words.splits[split]) } : {})} bars={shown.map((each) => ({ id: each.name, label: each.name, values: published ? splitNames.map((split) => each.images[split]) : [each.total], onOpen: open(each.name) }))} format={(value) => number(value)} />
        </Card>
      )}
      {annotated && classes.length > 0 && (
        <Card title={words.objects}>
          <BarList label={words.objects} bars={[...shown].sort((a, b) => b.objects - a.objects).map((each) => ({ id: each.name, label: each.name, values: [each.objects], onOpen: open(each.name) }))} format={(value) => number(value)} />
        </Card>
      )}
      <Card title={words.sizes} actions={<span className={styles.note}>{words.sizeFacts(number(median(figures.widths)), number(median(figures.heights)))}</span>}>
        <div className={styles.histograms}>
          <Histogram title={words.widths} values={figures.widths} unit=" px" />
          <Histogram title={words.heights} values={figures.heights} unit=" px" />
          <Histogram title={words.ratios} values={figures.ratios} />
        </div>
      </Card>
      {figures.objectsPerImage.length > 0 && (
        <Card title={words.annotations}>
          <div className={styles.histograms}>
            <Histogram title={words.objectsPerImage} values={figures.objectsPerImage} />
            <Histogram title={words.boxSides} values={figures.boxSides} />
          </div>
        </Card>
      )}
    </div>
  );
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
