import { Link } from '@tanstack/react-router';
import { Check, ChevronLeft, ChevronRight, X } from 'lucide-react';
import { type ReactNode } from 'react';
import { api } from '../../api/client';
import type { Dataset, Proposal } from '../../api/schema';
import { dateTime, number, percent } from '../../app/format';
import { useWords } from '../../app/words';
import { Badge } from '../../parts/Badge';
import { Button } from '../../parts/Button';
import { Dialog } from '../../parts/Dialog';
import { Row } from '../../parts/Page';
import { notify, notifyProblem } from '../../parts/Toast';
import type { PagedItems } from '../../parts/virtual';
import { drawn } from '../../training/predictions/predictedImages';
import styles from '../Images.module.css';
import { LazyViewer } from '../LazyViewer';
import { classNamesOf, useDatasetMay } from '../useDataset';
import { useOpenItem } from '../useOpenItem';
import { useStepKeys } from '../useStepKeys';
import { labelOf } from './proposals';
import { proposalWords } from './words';

const SEARCHED = 2000;

/** One proposal of the list, drawn as what a model found and not as a label, to be accepted or rejected. */
export function ProposalDialog({ dataset, items, imageId, onShow, onDecided }: {
  dataset: Dataset;
  items: PagedItems<Proposal>;
  imageId: string;
  onShow: (imageId: string | undefined) => void;
  /** With the image to look at next, if there is one. */
  onDecided: (next: string | undefined) => void;
}) {
  const words = useWords(proposalWords);
  const current = useOpenItem(items, imageId, (one) => one.image.id, SEARCHED, () => {
    notify(words.notFound);
    onShow(undefined);
  });
  if (current === null) return <p className={styles.searching} role="status">{words.searching}</p>;
  const at = (index: number): string | undefined => (index < 0 ? undefined : items.get(index)?.image.id);
  const step = (by: 1 | -1): void => {
    const next = at(current.index + by);
    if (next !== undefined) onShow(next);
    if (by === 1) items.want(current.index, current.index + 9);
  };
  return <Shown key={imageId} dataset={dataset} proposal={current.item} onClose={() => onShow(undefined)} onStep={step} onDecided={() => onDecided(at(current.index + 1) ?? at(current.index - 1))} />;
}

function Shown({ dataset, proposal, onClose, onStep, onDecided }: { dataset: Dataset; proposal: Proposal; onClose: () => void; onStep: (by: 1 | -1) => void; onDecided: () => void }) {
  const words = useWords(proposalWords);
  const may = useDatasetMay(dataset.id)('datasets:annotate');
  useStepKeys(onStep);
  const { image } = proposal;
  const path = { params: { path: { id: dataset.id, imageId: image.id } } };
  const accept = api.useMutation('post', '/api/v1/datasets/{id}/images/{imageId}/proposal/accept', { onError: notifyProblem, onSuccess: () => { notify(words.accepted(image.path)); onDecided(); } });
  const reject = api.useMutation('delete', '/api/v1/datasets/{id}/images/{imageId}/proposal', { onError: notifyProblem, onSuccess: () => { notify(words.rejected(image.path)); onDecided(); } });
  const busy = accept.isPending || reject.isPending;
  const facts: [string, ReactNode][] = [
    [words.path, image.path], [words.class, labelOf(proposal)], [words.sureness, proposal.score === null ? words.unsure : percent(proposal.score)],
    [words.model, words.modelOf(proposal.model, number(proposal.checkpointEpoch))],
    [words.prediction, <Link key="prediction" to="/projects/$projectId/predictions/$predictionId" params={{ projectId: dataset.projectId, predictionId: proposal.predictionId }}>{words.open}</Link>],
    [words.proposedAt, dateTime(proposal.proposedAt)],
  ];
  return (
    <Dialog open wide="full" onClose={onClose} title={image.path.split('/').at(-1) ?? image.path}>
      <div className={styles.dialog}>
        <div className={styles.stage}>
          <LazyViewer
            key={image.id} src={image.url} name={image.path} size={image} height="100%" classes={classNamesOf(dataset)} truth={[]} predictions={drawn(proposal.objects)}
            skeleton={dataset.keypoints?.skeleton} keypointNames={dataset.keypoints?.names} onExpired={onDecided}
          />
        </div>
        <aside className={styles.about} aria-label={words.about}>
          <Row>
            <Button icon={<ChevronLeft />} aria-label={words.previous} title={words.keys} onClick={() => onStep(-1)} />
            <Button icon={<ChevronRight />} aria-label={words.next} title={words.keys} onClick={() => onStep(1)} />
            <Badge tone="info">{words.proposed}</Badge>
          </Row>
          <p className={styles.state}>{words.notTruth}</p>
          <dl className={styles.facts}>{facts.map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>
          <Row>
            <Button look="primary" icon={<Check />} busy={accept.isPending} disabled={!may || busy} title={may ? undefined : words.mayNot} onClick={() => accept.mutate(path)}>{words.accept}</Button>
            <Button look="danger" icon={<X />} busy={reject.isPending} disabled={!may || busy} title={may ? undefined : words.mayNot} onClick={() => reject.mutate(path)}>{words.reject}</Button>
          </Row>
          <p className={styles.state}>{words.keys}</p>
        </aside>
      </div>
    </Dialog>
  );
}
