import { useNavigate } from '@tanstack/react-router';
import { Sparkles } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import { asProblem } from '../../api/problem';
import { useWords } from '../../app/words';
import { Button } from '../../parts/Button';
import { Dialog } from '../../parts/Dialog';
import { Fields, TextField } from '../../parts/Field';
import { ProblemNote } from '../../parts/States';
import { notify } from '../../parts/Toast';
import { useInvalidate } from '../../parts/useInvalidate';
import { partWords } from '../../parts/words';
import { useDatasetMay } from '../useDataset';
import { proposalWords } from './words';

/** Makes proposals of the answers of a completed prediction. Only for those who may label the dataset. */
export function UseAsProposals({ datasetId, predictionId }: { datasetId: string; predictionId: string }) {
  const words = useWords(proposalWords);
  const may = useDatasetMay(datasetId);
  const [open, setOpen] = useState(false);
  if (!may('datasets:annotate')) return null;
  return <><Button icon={<Sparkles />} onClick={() => setOpen(true)}>{words.use}</Button>{open && <Asking datasetId={datasetId} predictionId={predictionId} onClose={() => setOpen(false)} />}</>;
}

function Asking({ datasetId, predictionId, onClose }: { datasetId: string; predictionId: string; onClose: () => void }) {
  const words = useWords(proposalWords);
  const parts = useWords(partWords);
  const navigate = useNavigate();
  const invalidate = useInvalidate();
  const [least, setLeast] = useState('0.5');
  const start = api.useMutation('post', '/api/v1/datasets/{id}/proposal-runs', {
    onError: () => undefined,
    onSuccess: async () => {
      notify(words.begun);
      await invalidate('/api/v1/datasets/{id}/proposal-runs');
      await navigate({ to: '/datasets/$datasetId/proposals', params: { datasetId } });
    },
  });
  const score = least.trim() === '' ? NaN : Number(least);
  const bad = !(score >= 0 && score <= 1);
  const fields = start.error === null ? {} : asProblem(start.error).fields;
  return (
    <Dialog
      open onClose={onClose} title={words.useTitle} description={words.useText} onSubmit={() => start.mutate({ params: { path: { id: datasetId } }, body: { action: 'propose', predictionId, class: null, minScore: score } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={start.isPending} disabled={bad}>{words.use}</Button></>}
    >
      <Fields>
        <TextField label={words.minScore} hint={words.minScoreHint} error={bad ? words.badScore : fields.minScore} inputMode="decimal" autoComplete="off" value={least} onChange={(event) => setLeast(event.target.value)} />
        <ProblemNote error={start.error} />
      </Fields>
    </Dialog>
  );
}
