import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { GitCompareArrows } from 'lucide-react';
import { api, client } from '../../api/client';
import { asProblem } from '../../api/problem';
import type { AgreementCounts, BatchPrediction, ComparedImage, ImageAgreement } from '../../api/schema';
import { dateTime, number } from '../../app/format';
import { useWords } from '../../app/words';
import { SelectField } from '../../parts/Field';
import { Card, Page } from '../../parts/Page';
import { Empty, ErrorState, Skeleton } from '../../parts/States';
import { ThumbnailGrid, usePagedItems } from '../../parts/virtual';
import { useVersions, versionName } from '../data';
import { predictedImageWords } from './imageWords';
import styles from './Predicted.module.css';
import { PredictedImageDialog } from './PredictedImageDialog';
import { agreements, comparableWith, previewOf } from './predictedImages';
import { useModelName, usePredictions } from './predictionData';
import { useResultText } from './resultWords';
import type { ComparisonSearch } from './search';

const route = '/members/projects/$projectId/predictions/$predictionId/compare' as const;
const countsOf = (counts: AgreementCounts): Record<ImageAgreement, number> => ({ both_right: counts.bothRight, only_first: counts.onlyFirst, only_second: counts.onlySecond, neither: counts.neither });

/** Two predictions of one dataset version beside each other: who is right about which images. The choice is in the URL. */
export function PredictionComparePage() {
  const words = useWords(predictedImageWords);
  const { projectId, predictionId } = useParams({ from: route });
  const search = useSearch({ from: route });
  const navigate = useNavigate({ from: '/projects/$projectId/predictions/$predictionId/compare' });
  const { predictions, pages } = usePredictions(projectId);
  const versions = useVersions(projectId);
  const nameOf = useModelName(projectId);
  const first = predictions?.find((one) => one.id === predictionId);
  const back = <Link to="/projects/$projectId/predictions/$predictionId" params={{ projectId, predictionId }}>{words.backTo}</Link>;
  const set = (change: ComparisonSearch): void => void navigate({ search: (before: ComparisonSearch) => ({ ...before, ...change }), replace: true, resetScroll: false });
  if (pages.isError && predictions === undefined) return <Page title={words.comparison} subtitle={back}><ErrorState error={asProblem(pages.error)} onRetry={() => void pages.refetch()} /></Page>;
  if (first === undefined && (predictions === undefined || pages.hasNextPage)) return <Page title={words.comparison} subtitle={back} wide><Skeleton lines={6} height={32} /></Page>;
  const others = first === undefined ? [] : comparableWith(first, predictions ?? []);
  const named = (one: BatchPrediction): string => `${nameOf(one)} · ${dateTime(one.createdAt)}`;
  const second = predictions?.find((one) => one.id === search.with);
  return (
    <Page title={words.comparison} subtitle={back} wide>
      <Card>
        <div className={styles.models}>
          <p>{words.first}<strong>{first === undefined ? '–' : named(first)}</strong>{first !== undefined && versionName(versions.byId.get(first.datasetVersionId))}</p>
          {(others.length > 0 || second !== undefined) && (
            <SelectField
              label={words.second} value={search.with ?? ''} onChange={(other) => set({ with: other || undefined, image: undefined })}
              options={[{ value: '', label: words.choose, disabled: true }, ...(second === undefined || others.includes(second) ? others : [second, ...others]).map((one) => ({ value: one.id, label: named(one) }))]}
            />
          )}
        </div>
      </Card>
      {search.with === undefined
        ? <Card><Empty icon={<GitCompareArrows />} title={others.length === 0 ? words.noOther : words.choose}>{others.length === 0 ? words.noOtherText : words.chooseText}</Empty></Card>
        : <Compared key={search.with} first={predictionId} second={search.with} names={[first === undefined ? words.first : named(first), second === undefined ? words.second : named(second)]} named={first === undefined ? undefined : versions.byId.get(first.datasetVersionId)} search={search} onChange={set} />}
    </Page>
  );
}

function Compared({ first, second, names, named, search, onChange }: {
  first: string;
  second: string;
  names: [string, string];
  named: ReturnType<ReturnType<typeof useVersions>['byId']['get']>;
  search: ComparisonSearch;
  onChange: (change: ComparisonSearch) => void;
}) {
  const words = useWords(predictedImageWords);
  const textOf = useResultText();
  const agreement = search.agreement ?? 'only_first';
  const comparison = api.useQuery('get', '/api/v1/training/predictions/{id}/comparison', { params: { path: { id: first }, query: { with: second } } }, { retry: false, staleTime: Infinity });
  const listKey = `compared-images/${first}/${second}/${agreement}`;
  const items = usePagedItems<ComparedImage>(listKey, async (cursor) =>
    (await client.GET('/api/v1/training/predictions/{id}/comparison/images', { params: { path: { id: first }, query: { with: second, agreement, limit: 100, ...(cursor === null ? {} : { cursor }) } } })).data!);
  if (comparison.isError) {
    const problem = asProblem(comparison.error);
    return problem.code === 'NOT_COMPARABLE' ? <Card><Empty icon={<GitCompareArrows />} title={words.refused}>{problem.message}</Empty></Card> : <ErrorState error={problem} onRetry={() => void comparison.refetch()} />;
  }
  if (comparison.data === undefined) return <Card><Skeleton lines={3} height={48} /></Card>;
  const counts = countsOf(comparison.data.counts);
  return (
    <>
      <div className={styles.tiles} role="group" aria-label={words.agreement}>
        {agreements.map((one) => <button key={one} type="button" className={styles.tile} aria-pressed={one === agreement} onClick={() => onChange({ agreement: one, image: undefined })}><b>{number(counts[one])}</b><span>{words.agreements[one]}</span></button>)}
      </div>
      {comparison.data.counts.onlyInOne > 0 && <p className={styles.note}>{words.onlyInOne(number(comparison.data.counts.onlyInOne))}</p>}
      <Card title={words.agreements[agreement]} flush>
        <ThumbnailGrid
          key={listKey} label={words.comparedGrid} items={items} total={counts[agreement]} height="min(640px, calc(100dvh - 160px))" empty={<Empty title={words.nothing} />}
          thumbnail={(image) => ({ key: image.path, src: previewOf(image.picture), label: `${image.path}, ${words.first}: ${textOf(image.first)}, ${words.second}: ${textOf(image.second)}`, caption: `${textOf(image.first)} | ${textOf(image.second)}` })}
          onOpen={(image) => onChange({ image: image.path })}
        />
        {search.image !== undefined && <PredictedImageDialog items={items} path={search.image} sides={[{ id: first, name: names[0] }, { id: second, name: names[1] }]} named={named} onShow={(image) => onChange({ image })} />}
      </Card>
    </>
  );
}
