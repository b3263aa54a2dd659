import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { ModelVersion, NewExports } from '../api/schema';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { CheckField, TextField } from '../parts/Field';
import { Empty, ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { Segments } from '../parts/Tabs';
import { notify } from '../parts/Toast';
import { partWords } from '../parts/words';
import styles from './Exports.module.css';
import { exportWords } from './words';

const LOWEST_OPSET = 13;
const HIGHEST_OPSET = 18;

/** Chooses precision and formats of an export. What is not possible for this model is shown with the reason and cannot be chosen. */
export function NewExport({ version, onClose }: { version: ModelVersion; onClose: () => void }) {
  const words = useWords(exportWords);
  const parts = useWords(partWords);
  const queries = useQueryClient();
  const matrix = api.useQuery('get', '/api/v1/exports/formats');
  const [precision, setPrecision] = useState('fp32');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [opset, setOpset] = useState('');
  const start = api.useMutation('post', '/api/v1/exports', {
    onError: () => undefined,
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/exports'] });
      notify(words.started);
      onClose();
    },
  });
  const possible = matrix.data?.items.filter((row) => row.framework === version.framework && row.taskType === version.taskType) ?? [];
  const precisions = [...new Set(possible.map((row) => row.precision))];
  const rows = possible.filter((row) => row.precision === precision);
  const formats = chosen.filter((format) => rows.some((row) => row.format === format && row.available));
  const options = { ...(precision === 'fp32' ? {} : { precision }), ...(formats.includes('onnx') && opset !== '' ? { opset: Number(opset) } : {}) };
  const send = (): void => start.mutate({ body: { modelVersionId: version.id, formats, options: (Object.keys(options).length === 0 ? null : options) as NewExports['options'] } });
  const errors = start.error === null ? {} : asProblem(start.error).fields;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.newExport}
      onSubmit={send}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={start.isPending} disabled={formats.length === 0}>{words.start}</Button></>}
    >
      {matrix.isPending ? <Skeleton lines={4} height={32} />
        : matrix.isError ? <ErrorState error={matrix.error} onRetry={() => void matrix.refetch()} />
        : possible.length === 0 ? <Empty title={words.trainerAway} />
        : (
          <>
            {precisions.length > 1 && <Segments label={words.precision} value={precision} onChange={setPrecision} options={precisions.map((value) => ({ value, label: value.toUpperCase() }))} />}
            <ul className={styles.formats} aria-label={words.format}>
              {rows.map(({ format, available, reason }) => (
                <li key={format}>
                  <CheckField
                    label={<span className={styles.format}>{format}</span>}
                    hint={reason ?? undefined}
                    disabled={!available}
                    checked={available && chosen.includes(format)}
                    onChange={(on) => setChosen(on ? [...chosen, format] : chosen.filter((other) => other !== format))}
                  />
                </li>
              ))}
            </ul>
          </>
        )}
      {formats.includes('onnx') && (
        <TextField label={`${words.opset} (${parts.optional})`} hint={words.opsetHint} type="number" min={LOWEST_OPSET} max={HIGHEST_OPSET} value={opset} error={errors.options} onChange={(event) => setOpset(event.target.value)} />
      )}
      {errors.options === undefined && <ProblemNote error={start.error} />}
    </Dialog>
  );
}
