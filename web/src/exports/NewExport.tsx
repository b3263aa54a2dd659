import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { ModelVersion, NewExports } from '../api/schema';
import { useWords } from '../app/words';
import { taskWords } from '../models/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { CheckField, TextArea } from '../parts/Field';
import { ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { partWords } from '../parts/words';
import styles from './Exports.module.css';
import { exportWords } from './words';

/** Chooses formats for an export. What the trainer cannot make of this model is shown with the reason and cannot be chosen. */
export function NewExport({ version, onClose }: { version: ModelVersion; onClose: () => void }) {
  const words = useWords(exportWords);
  const tasks = useWords(taskWords);
  const parts = useWords(partWords);
  const queries = useQueryClient();
  const trainers = api.useQuery('get', '/api/v1/training/capabilities');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [options, setOptions] = useState('');
  const start = api.useMutation('post', '/api/v1/exports', {
    onError: () => undefined,
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/exports'] });
      notify(words.started);
      onClose();
    },
  });
  const formats = trainers.data?.items.find((trainer) => trainer.framework === version.framework)?.capabilities?.exportFormats;
  const parsed = parseOptions(options);
  const errors = start.error === null ? {} : asProblem(start.error).fields;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.newExport}
      onSubmit={() => parsed !== 'wrong' && start.mutate({ body: { modelVersionId: version.id, formats: [...chosen], options: parsed as NewExports['options'] } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={start.isPending} disabled={chosen.length === 0 || parsed === 'wrong'}>{words.start}</Button></>}
    >
      {trainers.isPending ? <Skeleton lines={4} height={32} />
        : trainers.isError ? <ErrorState error={trainers.error} onRetry={() => void trainers.refetch()} />
        : formats === undefined ? <p>{words.trainerAway}</p>
        : (
          <ul className={styles.formats}>
            {formats.map(({ format, taskTypes }) => {
              const possible = taskTypes == null || taskTypes.includes(version.taskType);
              return (
                <li key={format}>
                  <CheckField
                    label={<span className={styles.format}>{format}</span>}
                    hint={possible ? undefined : words.notFor(tasks[version.taskType])}
                    disabled={!possible}
                    checked={chosen.includes(format)}
                    onChange={(on) => setChosen(on ? [...chosen, format] : chosen.filter((other) => other !== format))}
                  />
                </li>
              );
            })}
          </ul>
        )}
      <TextArea label={`${words.options} (${parts.optional})`} hint={words.optionsHint} error={parsed === 'wrong' ? words.badJson : errors.options} value={options} spellCheck={false} onChange={(event) => setOptions(event.target.value)} />
      {errors.options === undefined && <ProblemNote error={start.error} />}
    </Dialog>
  );
}

/** The options as an object; null for an empty text. */
function parseOptions(text: string): Record<string, unknown> | null | 'wrong' {
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : 'wrong';
  } catch {
    return 'wrong';
  }
}
