import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { BatchPrediction } from '../../api/schema';
import { bytes, metric, number, percent } from '../../app/format';
import { useWords } from '../../app/words';
import { Card, Stack } from '../../parts/Page';
import { Empty, ErrorState, Skeleton } from '../../parts/States';
import { Table } from '../../parts/Table';
import { Histogram } from '../../parts/charts/Bars';
import jobStyles from '../Job.module.css';
import { predictionQuery } from './predictionData';
import { readLines, summarize, unpack } from './predictions';
import { predictionWords } from './words';

/** Packed results up to this size are read in the browser. */
const LARGEST = 64_000_000;

/** What a model said about the images, summed up from the file of the result. */
export function PredictionResult({ prediction }: { prediction: BatchPrediction }) {
  const words = useWords(predictionWords);
  const queries = useQueryClient();
  const readable = (prediction.size ?? 0) <= LARGEST;
  const summary = useQuery({
    queryKey: ['prediction-result', prediction.id], enabled: readable, staleTime: Infinity, retry: 1,
    queryFn: async ({ signal }) => {
      const { url } = await queries.fetchQuery({ ...predictionQuery(prediction.id), staleTime: 60_000 });
      const answer = await fetch(url!, { signal });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      return summarize(readLines(await unpack(await answer.blob())));
    },
  });
  if (!readable) return <Card title={words.result}><p className={jobStyles.muted}>{words.tooLarge(bytes(prediction.size ?? 0))}</p></Card>;
  if (summary.isError) return <Card title={words.result}><ErrorState error={summary.error} onRetry={() => void summary.refetch()} /></Card>;
  if (summary.data === undefined) return <Card title={words.result}><Skeleton lines={8} height={28} /></Card>;
  const { classes, confidences, empty, unsure } = summary.data;
  const objects = empty !== null;
  return (
    <Stack gap={5}>
      <Card title={words.classes} flush>
        {classes.length === 0 ? <Empty title={words.noObjects} /> : (
          <Table
            label={words.classes} rows={classes} rowKey={(row) => row.name}
            columns={[
              { key: 'class', title: words.class, cell: (row) => row.name },
              { key: 'count', title: objects ? words.objects : words.count, right: true, cell: (row) => number(row.count) },
              { key: 'share', title: words.share, right: true, cell: (row) => percent(row.share) },
              { key: 'confidence', title: words.confidence, right: true, cell: (row) => metric(row.confidence) },
            ]}
          />
        )}
      </Card>
      {confidences.length > 0 && (
        <Card>
          <Stack>
            {objects && <p className={jobStyles.muted}>{words.empty}: {number(empty)}</p>}
            <Histogram title={words.confidences} values={confidences} howMany={20} />
          </Stack>
        </Card>
      )}
      {unsure.length > 0 && (
        <Card title={words.unsure} flush>
          <p className={`${jobStyles.muted} ${jobStyles.padded}`}>{words.unsureText}</p>
          <Table
            label={words.unsure} rows={unsure} rowKey={(row) => row.path}
            columns={[
              { key: 'path', title: words.image, cell: (row) => row.path },
              { key: 'class', title: words.class, cell: (row) => row.class },
              { key: 'confidence', title: words.certain, right: true, cell: (row) => metric(row.confidence) },
            ]}
          />
        </Card>
      )}
    </Stack>
  );
}
