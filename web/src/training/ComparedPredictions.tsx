import { Link } from '@tanstack/react-router';
import { useWords } from '../app/words';
import { Card, Stack } from '../parts/Page';
import type { Compared } from './compare';
import styles from './Compare.module.css';
import { predictedImageWords } from './predictions/imageWords';
import { pairsOfJobs } from './predictions/predictedImages';
import { usePredictions } from './predictions/predictionData';

/** Leads to the images about which the compared jobs disagree, where they have predictions of one dataset version. */
export function ComparedPredictions({ projectId, compared }: { projectId: string; compared: readonly Compared[] }) {
  const words = useWords(predictedImageWords);
  const { predictions } = usePredictions(projectId);
  const pairs = pairsOfJobs(compared.map(({ job }) => job.id), predictions ?? []);
  if (pairs.length === 0) return null;
  const nameOf = (jobId: string): string => compared.find(({ job }) => job.id === jobId)!.job.name;
  return (
    <Card title={words.byImage}>
      <Stack>
        <p className={styles.note}>{words.byImageText}</p>
        <ul>
          {pairs.map(({ first, second }) => (
            <li key={second.id}><Link to="/projects/$projectId/predictions/$predictionId/compare" params={{ projectId, predictionId: first.id }} search={{ with: second.id }}>{words.pair(nameOf(first.jobId), nameOf(second.jobId))}</Link></li>
          ))}
        </ul>
      </Stack>
    </Card>
  );
}
