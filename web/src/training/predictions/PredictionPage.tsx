import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Download, GitCompareArrows, Square } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { api } from '../../api/client';
import { useMay } from '../../api/permissions';
import { asProblem } from '../../api/problem';
import type { BatchPrediction } from '../../api/schema';
import { useSession } from '../../api/useSession';
import { bytes, dateTime, duration, metric, number } from '../../app/format';
import { useWords } from '../../app/words';
import { UseAsProposals } from '../../datasets/proposals/UseAsProposals';
import { Button, ButtonLink } from '../../parts/Button';
import { CopyText } from '../../parts/CopyText';
import { ConfirmDialog } from '../../parts/Dialog';
import { Card, Facts, Page } from '../../parts/Page';
import { Progress } from '../../parts/Progress';
import { ErrorState, Skeleton } from '../../parts/States';
import { notify, notifyProblem } from '../../parts/Toast';
import { useNow, useVersions, versionName } from '../data';
import jobStyles from '../Job.module.css';
import { Measures } from '../Measures';
import { trainingWords } from '../words';
import { predictionQuery, refetchWhile, useModelName } from './predictionData';
import { predictedImageWords } from './imageWords';
import { isJudged } from './predictedImages';
import { PredictionImages } from './PredictionImages';
import { isUnderWay } from './predictions';
import { PredictionState } from './PredictionState';
import { predictionWords } from './words';

const PredictionResult = lazy(() => import('./PredictionResult').then((module) => ({ default: module.PredictionResult })));

/** One prediction: how it stands, and what came of it. */
export function PredictionPage() {
  const words = useWords(predictionWords);
  const { predictionId } = useParams({ from: '/members/projects/$projectId/predictions/$predictionId' });
  const prediction = useQuery({ ...predictionQuery(predictionId), refetchInterval: (query) => refetchWhile(query.state.data !== undefined && isUnderWay(query.state.data.state)) });
  if (prediction.isError && prediction.data === undefined) return <ErrorState error={asProblem(prediction.error)} onRetry={() => void prediction.refetch()} />;
  if (prediction.data === undefined) return <Page title={words.prediction}><Skeleton lines={6} height={36} /></Page>;
  return <Content key={predictionId} prediction={prediction.data} />;
}

function Content({ prediction }: { prediction: BatchPrediction }) {
  const words = useWords(predictionWords);
  const images = useWords(predictedImageWords);
  const shared = useWords(trainingWords);
  const queries = useQueryClient();
  const versions = useVersions(prediction.projectId);
  const named = versions.byId.get(prediction.datasetVersionId);
  const running = isUnderWay(prediction.state);
  const now = useNow(running);
  const seconds = Math.max(0, ((prediction.completedAt === null ? now : Date.parse(prediction.completedAt)) - Date.parse(prediction.createdAt)) / 1000);
  const model = useModelName(prediction.projectId)(prediction);
  const download = async (): Promise<void> => {
    try {
      // The address works for an hour only.
      const fresh = await queries.fetchQuery({ ...predictionQuery(prediction.id), staleTime: 0 });
      if (fresh.url !== null) window.location.assign(fresh.url);
    } catch (error) {
      notifyProblem(error);
    }
  };
  return (
    <Page
      title={versionName(named) || words.prediction} subtitle={<span className={jobStyles.subtitle}><span>{model}</span><span>{prediction.framework} / {prediction.model}</span></span>}
      badges={<PredictionState state={prediction.state} />}
      actions={<>{isJudged(prediction) && <ButtonLink icon={<GitCompareArrows />} to="/projects/$projectId/predictions/$predictionId/compare" params={{ projectId: prediction.projectId, predictionId: prediction.id }}>{images.compare}</ButtonLink>}{prediction.state === 'completed' && named !== undefined && <UseAsProposals datasetId={named.dataset.id} predictionId={prediction.id} />}{prediction.state === 'completed' && <Button icon={<Download />} onClick={() => void download()}>{words.download}{prediction.size !== null && ` (${bytes(prediction.size)})`}</Button>}{running && <CancelButton prediction={prediction} />}</>}
    >
      <Card>
        <div className={jobStyles.state}>
          <p className={jobStyles.reason} role="status">{running && prediction.cancelRequested ? words.cancelling : words.reasons[prediction.state]}</p>
          {prediction.error !== null && <div role="alert"><p className={jobStyles.message}>{prediction.error.message}</p><p className={jobStyles.next}>{prediction.error.suggestedAction}</p></div>}
          <Progress value={running ? (prediction.state === 'pending' ? 0 : null) : 1} label={words.progress} tone={prediction.state === 'failed' ? 'bad' : prediction.state === 'completed' ? 'good' : prediction.state === 'cancelled' ? 'warn' : 'accent'} />
          <dl className={jobStyles.figures}>
            <div><dt>{words.images}</dt><dd>{prediction.images === null ? '–' : number(prediction.images)}</dd></div>
            <div><dt>{running ? words.elapsed : words.took}</dt><dd>{duration(seconds)}</dd></div>
            {Object.entries(prediction.measured?.metrics ?? {}).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{metric(value)}</dd></div>)}
          </dl>
        </div>
      </Card>
      {prediction.measured !== null && <Measures measured={prediction.measured} note={words.measured} />}
      {prediction.state === 'completed' && <PredictionImages prediction={prediction} named={named} name={model} />}
      {prediction.state === 'completed' && <Suspense fallback={<Card title={words.result}><Skeleton lines={8} height={28} /></Card>}><PredictionResult prediction={prediction} /></Suspense>}
      <Card title={words.about}>
        <Facts
          items={[
            [words.task, shared.tasks[prediction.taskType]], [words.model, model], [words.dataset, versionName(named) || (versions.isPending ? '…' : words.gone)],
            [words.created, dateTime(prediction.createdAt)], prediction.completedAt === null ? null : [words.ended, dateTime(prediction.completedAt)],
            [shared.training, <Link key="job" to="/projects/$projectId/jobs/$jobId" params={{ projectId: prediction.projectId, jobId: prediction.jobId }}>{words.openJob}</Link>],
            [words.id, <CopyText key="id" text={prediction.id} short />],
          ]}
        />
      </Card>
    </Page>
  );
}

function CancelButton({ prediction }: { prediction: BatchPrediction }) {
  const words = useWords(predictionWords);
  const queries = useQueryClient();
  const may = useMay({ projectId: prediction.projectId });
  const own = useSession()?.user.id === prediction.createdBy;
  const [asking, setAsking] = useState(false);
  const cancel = api.useMutation('post', '/api/v1/training/predictions/{id}/cancel', {
    onError: () => undefined,
    onSuccess: (next) => {
      queries.setQueryData(predictionQuery(prediction.id).queryKey, next);
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/training/predictions'] });
      setAsking(false);
      notify(words.cancelled);
    },
  });
  const why = !may('training:run') ? words.noRun : !own && !may('training:manage') ? words.onlyOwn : undefined;
  return (
    <>
      <Button icon={<Square />} disabled={why !== undefined || prediction.cancelRequested} title={why} onClick={() => setAsking(true)}>{words.cancel}</Button>
      <ConfirmDialog open={asking} onClose={() => setAsking(false)} title={words.cancelTitle} confirm={words.cancel} busy={cancel.isPending} error={cancel.error} onConfirm={() => cancel.mutate({ params: { path: { id: prediction.id } } })}>
        {words.cancelText}
      </ConfirmDialog>
    </>
  );
}
