import { useQueries } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight, ExternalLink } from 'lucide-react';
import { type ReactNode } from 'react';
import { api } from '../../api/client';
import type { PredictedImageDetail, PredictedPicture } from '../../api/schema';
import { metric, number } from '../../app/format';
import { useWords } from '../../app/words';
import imageStyles from '../../datasets/Images.module.css';
import { LazyViewer } from '../../datasets/LazyViewer';
import { useOpenItem } from '../../datasets/useOpenItem';
import { useStepKeys } from '../../datasets/useStepKeys';
import { Badge } from '../../parts/Badge';
import { Button } from '../../parts/Button';
import { Dialog } from '../../parts/Dialog';
import { Row } from '../../parts/Page';
import { ErrorState, Skeleton } from '../../parts/States';
import { notify } from '../../parts/Toast';
import type { PagedItems } from '../../parts/virtual';
import type { NamedVersion } from '../data';
import { predictedImageWords } from './imageWords';
import styles from './Predicted.module.css';
import { drawn } from './predictedImages';
import { toneOfOutcome } from './resultWords';

const SEARCHED = 5000;

/** A prediction whose answer is shown, with a name where there are two. */
export type Side = { id: string; name: string };

/** One image of a list with what it has and what one model, or two beside each other, answered. */
export function PredictedImageDialog<T extends { path: string; picture: PredictedPicture | null }>({ items, path, sides, named, onShow }: {
  items: PagedItems<T>;
  path: string;
  sides: readonly Side[];
  named: NamedVersion | undefined;
  onShow: (path: string | undefined) => void;
}) {
  const words = useWords(predictedImageWords);
  const current = useOpenItem(items, path, (image) => image.path, SEARCHED, () => {
    notify(words.notFound);
    onShow(undefined);
  });
  if (current === null) return <p role="status" className={imageStyles.searching}>{words.searching}</p>;
  const step = (by: 1 | -1): void => {
    const next = current.index + by;
    const image = next < 0 ? undefined : items.get(next);
    if (image !== undefined) onShow(image.path);
    if (by === 1) items.want(Math.max(0, next - 1), next + 8);
  };
  return <Shown path={path} sides={sides} named={named} onClose={() => onShow(undefined)} onStep={step} />;
}

function Shown({ path, sides, named, onClose, onStep }: { path: string; sides: readonly Side[]; named: NamedVersion | undefined; onClose: () => void; onStep: (by: 1 | -1) => void }) {
  const words = useWords(predictedImageWords);
  useStepKeys(onStep);
  // The addresses of the picture work for an hour.
  const answers = useQueries({ queries: sides.map(({ id }) => ({ ...api.queryOptions('get', '/api/v1/training/predictions/{id}/image', { params: { path: { id }, query: { path } } }), staleTime: 1_800_000, gcTime: 300_000 })) });
  const details = answers.map((answer) => answer.data);
  const picture = details[0]?.picture ?? null;
  const facts: [string, ReactNode][] = [[words.path, path]];
  if (picture !== null) facts.push([words.split, words.splits[picture.split]], [words.pixels, `${number(picture.width)} × ${number(picture.height)}`]);
  return (
    <Dialog open wide="full" onClose={onClose} title={path.split('/').at(-1) ?? path}>
      <div className={imageStyles.dialog}>
        <div className={imageStyles.stage}>
          <div className={styles.sides}>
            {sides.map((side, index) => (
              <section key={side.id} className={styles.side} aria-label={side.name}>
                <header><span>{side.name}</span>{details[index] !== undefined && <Badge tone={toneOfOutcome[details[index].result.outcome]}>{words.outcomes[details[index].result.outcome]}</Badge>}</header>
                {answers[index]!.isError ? <ErrorState error={answers[index]!.error} onRetry={() => void answers[index]!.refetch()} />
                  : <Picture path={path} detail={details[index]} named={named} onExpired={() => void answers[index]!.refetch()} />}
              </section>
            ))}
          </div>
        </div>
        <aside className={imageStyles.about} aria-label={words.details}>
          <Row>
            <Button icon={<ChevronLeft />} aria-label={words.previous} title={words.keys} onClick={() => onStep(-1)} />
            <Button icon={<ChevronRight />} aria-label={words.next} title={words.keys} onClick={() => onStep(1)} />
            {picture !== null && <a className={imageStyles.original} href={picture.url} target="_blank" rel="noopener noreferrer"><ExternalLink aria-hidden="true" />{words.original}</a>}
          </Row>
          {sides.map((side, index) => <AnswerFacts key={side.id} name={sides.length > 1 ? side.name : words.answer} detail={details[index]} />)}
          <dl className={imageStyles.facts}>{facts.map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>
          <p className={imageStyles.state}>{words.keys}</p>
        </aside>
      </div>
    </Dialog>
  );
}

function Picture({ path, detail, named, onExpired }: { path: string; detail: PredictedImageDetail | undefined; named: NamedVersion | undefined; onExpired: () => void }) {
  const words = useWords(predictedImageWords);
  if (detail === undefined) return <div className={styles.missing} role="status">{words.loading}</div>;
  if (detail.picture === null) return <div className={styles.missing}>{words.noPicture}</div>;
  return (
    <LazyViewer
      key={path} src={detail.picture.url} name={path} size={detail.picture} height="100%" classes={(named?.version.classes ?? []).map(({ name }) => name)} truth={detail.truth} predictions={drawn(detail.answer.annotations)}
      skeleton={named?.version.keypoints?.skeleton} keypointNames={named?.version.keypoints?.names} onExpired={onExpired}
    />
  );
}

function AnswerFacts({ name, detail }: { name: string; detail: PredictedImageDetail | undefined }) {
  const words = useWords(predictedImageWords);
  if (detail === undefined) return <Skeleton lines={4} height={16} />;
  const { result, answer } = detail;
  const counts: [string, number | null][] = [[words.objects, result.foundObjects], [words.missed, result.missed], [words.spurious, result.spurious]];
  return (
    <section className={styles.block}>
      <h3>{name}</h3>
      {result.outcome === 'failed' && <p className={imageStyles.state}>{words.unreadable}</p>}
      {answer.top !== undefined && (
        <ul className={styles.answers}>
          {answer.top.map((one) => <li key={one.class} data-true={one.class === result.trueClass || undefined}><span>{one.class}</span><span>{metric(one.confidence)}</span></li>)}
        </ul>
      )}
      <dl className={imageStyles.facts}>
        {result.foundObjects === null && <div><dt>{words.trueClass}</dt><dd>{result.trueClass ?? words.noClass}</dd></div>}
        {counts.filter(([, count]) => count !== null).map(([label, count]) => <div key={label}><dt>{label}</dt><dd>{number(count!)}</dd></div>)}
      </dl>
    </section>
  );
}
