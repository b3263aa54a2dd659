import { useNavigate, useSearch } from '@tanstack/react-router';
import { client } from '../../api/client';
import type { BatchPrediction, ImageOutcome, PredictedImage } from '../../api/schema';
import { number } from '../../app/format';
import { useWords } from '../../app/words';
import { Button } from '../../parts/Button';
import { SelectField } from '../../parts/Field';
import { Card } from '../../parts/Page';
import { Empty } from '../../parts/States';
import { Segments } from '../../parts/Tabs';
import { ThumbnailGrid, usePagedItems } from '../../parts/virtual';
import type { NamedVersion } from '../data';
import { predictedImageWords } from './imageWords';
import styles from './Predicted.module.css';
import { PredictedImageDialog } from './PredictedImageDialog';
import { countOf, filteredCount, isMeasured, previewOf, shownOutcomes } from './predictedImages';
import { useResultText } from './resultWords';
import type { PredictionSearch } from './search';

/** The images of a prediction by what came of them. The filters and the open image are in the URL. */
export function PredictionImages({ prediction, named, name }: { prediction: BatchPrediction; named: NamedVersion | undefined; /** Of the model. */ name: string }) {
  const words = useWords(predictedImageWords);
  const textOf = useResultText();
  const search = useSearch({ from: '/members/projects/$projectId/predictions/$predictionId' });
  const navigate = useNavigate({ from: '/projects/$projectId/predictions/$predictionId' });
  const filters = { ...(search.outcome !== undefined && { outcome: search.outcome }), ...(search.class !== undefined && { class: search.class }) };
  const listKey = `predicted-images/${prediction.id}/${search.outcome ?? ''}/${search.class ?? ''}`;
  const items = usePagedItems<PredictedImage>(listKey, async (cursor) =>
    (await client.GET('/api/v1/training/predictions/{id}/images', { params: { path: { id: prediction.id }, query: { limit: 100, ...filters, ...(cursor === null ? {} : { cursor }) } } })).data!);
  const { outcomes } = prediction;
  if (outcomes === null) return <Card title={words.images}><p className={styles.note}>{words.earlier}</p></Card>;
  const set = (change: PredictionSearch): void => void navigate({ search: (before: PredictionSearch) => ({ ...before, ...change }), replace: true, resetScroll: false });
  const total = filteredCount(outcomes, search);
  return (
    <Card title={words.images} flush>
      <div className={styles.filters}>
        <Segments<ImageOutcome | 'all'>
          label={words.outcome} value={search.outcome ?? 'all'} onChange={(outcome) => set({ outcome: outcome === 'all' ? undefined : outcome })}
          options={[{ value: 'all', label: words.all }, ...shownOutcomes(outcomes, search.outcome).map((outcome) => ({ value: outcome, label: words.withCount(words.outcomes[outcome], number(countOf(outcomes, outcome))) }))]}
        />
        <SelectField
          label={words.class} hideLabel value={search.class ?? ''} onChange={(name) => set({ class: name || undefined })}
          options={[{ value: '', label: words.allClasses }, ...Object.keys(outcomes.classes).sort((a, b) => a.localeCompare(b)).map((name) => ({ value: name, label: words.withCount(name, number(outcomes.classes[name]!)) }))]}
        />
      </div>
      <p className={styles.rule}>{!isMeasured(prediction) ? words.notMeasured : words.rule[prediction.taskType]}</p>
      <ThumbnailGrid
        key={listKey} label={words.gridLabel} items={items} {...(total !== undefined && { total })} height="min(560px, calc(100dvh - 160px))"
        empty={<Empty title={words.none} action={<Button onClick={() => set({ outcome: undefined, class: undefined })}>{words.clear}</Button>}>{words.noneText}</Empty>}
        thumbnail={(image) => ({ key: image.path, src: previewOf(image.picture), label: `${image.path}, ${words.outcomes[image.result.outcome]}, ${textOf(image.result)}`, caption: textOf(image.result), badge: words.outcomes[image.result.outcome] })}
        onOpen={(image) => set({ image: image.path })}
      />
      {search.image !== undefined && <PredictedImageDialog items={items} path={search.image} sides={[{ id: prediction.id, name }]} named={named} onShow={(image) => set({ image })} />}
    </Card>
  );
}
