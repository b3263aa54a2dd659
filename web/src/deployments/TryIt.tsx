import { useMutation } from '@tanstack/react-query';
import { ImageUp } from 'lucide-react';
import { useEffect, useId, useRef, useState, type DragEvent } from 'react';
import { client } from '../api/client';
import type { Deployment, TrainingPrediction } from '../api/schema';
import { metric, percent } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Card, Stack } from '../parts/Page';
import { ProblemNote } from '../parts/States';
import styles from './Deployments.module.css';
import { deploymentWords } from './words';

const MOST_IMAGES = 16;

/** Drops images on the deployment and shows what it sees in them. */
export function TryIt({ deployment, onAnswer }: { deployment: Deployment; onAnswer: () => void }) {
  const words = useWords(deploymentWords);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const [over, setOver] = useState(false);
  const [shown, setShown] = useState<{ name: string; url: string }[]>([]);
  const active = deployment.state === 'active';
  const predict = useMutation({
    mutationFn: async (files: File[]) => {
      const images = await Promise.all(files.map(inBase64));
      const { data } = await client.POST('/api/v1/infer/{deploymentId}', { params: { path: { deploymentId: deployment.id } }, body: { images, topK: 5 } });
      return data!;
    },
    onError: () => undefined,
    onSuccess: onAnswer,
  });
  useEffect(() => () => { for (const { url } of shown) URL.revokeObjectURL(url); }, [shown]);

  const take = (list: FileList | null): void => {
    const files = [...(list ?? [])].filter((file) => file.type.startsWith('image/')).slice(0, MOST_IMAGES);
    if (files.length === 0) return;
    setShown(files.map((file) => ({ name: file.name, url: URL.createObjectURL(file) })));
    predict.mutate(files);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    if (active) take(event.dataTransfer.files);
  };
  return (
    <Card title={words.tryIt}>
      <Stack>
        <div className={styles.drop} data-over={over || undefined} onDragOver={(event) => { event.preventDefault(); setOver(active); }} onDragLeave={() => setOver(false)} onDrop={drop}>
          <ImageUp aria-hidden="true" />
          <p id={id}>{active ? words.tryText : words.notActive}</p>
          <input ref={input} type="file" accept="image/*" multiple hidden onChange={(event) => { take(event.target.files); event.target.value = ''; }} />
          <Button disabled={!active} busy={predict.isPending} aria-describedby={id} onClick={() => input.current?.click()}>{words.choose}</Button>
        </div>
        <ProblemNote error={predict.error} />
        {shown.length > 0 && (
          <ul className={styles.answers} aria-live="polite">
            {shown.map(({ name, url }, index) => (
              <li key={url} className={styles.answer}>
                <img src={url} alt={name} />
                <Answer prediction={predict.data?.predictions.find((one) => one.index === index)} />
              </li>
            ))}
          </ul>
        )}
        {predict.data && <p className={styles.took}>{words.took(metric(predict.data.inferenceMs))}</p>}
      </Stack>
    </Card>
  );
}

const Answer = ({ prediction }: { prediction: TrainingPrediction | undefined }) =>
  prediction === undefined ? null : (
    <ol className={styles.ranks}>
      {prediction.top.map((rank) => (
        <li key={rank.class}>
          <span>{rank.class}</span>
          <span className={styles.bar} aria-hidden="true"><span style={{ width: `${rank.confidence * 100}%` }} /></span>
          <span className={styles.share}>{percent(rank.confidence)}</span>
        </li>
      ))}
    </ol>
  );

function inBase64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).split(',')[1] ?? '');
    reader.onerror = () => reject(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}
