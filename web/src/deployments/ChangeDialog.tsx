import { useRef, useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { Deployment } from '../api/schema';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { TextField } from '../parts/Field';
import { Stack } from '../parts/Page';
import { ProblemNote } from '../parts/States';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { partWords } from '../parts/words';
import { rolloutWords } from './rolloutWords';

/** What somebody wants to change about who answers. */
export type Change = { kind: 'activate' | 'rollBack' | 'canary' | 'shadow'; revision: number } | { kind: 'endCanary' };

const FIRST_SHARE = 10;

/** A cold model is loaded meanwhile, and then the next try makes the change, as long as the dialog is open. */
const untilLoaded = (isOpen: () => boolean) => ({ retry: (_: number, error: unknown) => isOpen() && asProblem(error).code === 'MODEL_LOADING', retryDelay: 1000, onError: () => undefined });

/** Asks before a change, says what it means to callers, and makes it. */
export function ChangeDialog({ deployment, change, onClose }: { deployment: Deployment; change: Change; onClose: () => void }) {
  const words = useWords(rolloutWords);
  const parts = useWords(partWords);
  const invalidate = useInvalidate();
  const open = useRef(true);
  const [percent, setPercent] = useState(String(deployment.canary?.percent ?? FIRST_SHARE));
  const params = { path: { id: deployment.id } };
  const close = (): void => {
    open.current = false;
    onClose();
  };
  const done = (text: string): void => {
    notify(text);
    void invalidate('/api/v1/deployments', '/api/v1/deployments/{id}', '/api/v1/deployments/{id}/shadow-report', '/api/v1/deployments/{id}/usage');
    if (open.current) close();
  };
  const tries = untilLoaded(() => open.current);
  const activate = api.useMutation('post', '/api/v1/deployments/{id}/revisions/{number}/activate', { ...tries, onSuccess: (after) => done(words.activated(after.revision)) });
  const rollBack = api.useMutation('post', '/api/v1/deployments/{id}/roll-back', { ...tries, onSuccess: (after) => done(words.activated(after.revision)) });
  const canary = api.useMutation('put', '/api/v1/deployments/{id}/canary', { ...tries, onSuccess: (after) => done(words.canaryStarted(after.canary?.revision ?? 0, after.canary?.percent ?? 0)) });
  const endCanary = api.useMutation('delete', '/api/v1/deployments/{id}/canary', { onError: () => undefined, onSuccess: () => done(words.canaryEnded) });
  const shadow = api.useMutation('put', '/api/v1/deployments/{id}/shadow', { ...tries, onSuccess: (after) => done(words.shadowStarted(after.shadowRevision ?? 0)) });
  const asked = [activate, rollBack, canary, endCanary, shadow].find((one) => !one.isIdle);
  const fields = asked?.error == null ? {} : asProblem(asked.error).fields;

  const active = deployment.revision;
  const replacing = deployment.state === 'active';
  const ends = deployment.canary !== null && deployment.shadowRevision !== null ? words.endsBoth : deployment.canary !== null ? words.endsCanary : deployment.shadowRevision !== null ? words.endsShadow : null;
  const other = (number: number | null | undefined): string | null => (number != null && 'revision' in change && number !== change.revision ? words.replaces(number) : null);
  const share = change.kind === 'canary' && deployment.canary?.revision === change.revision;
  const told: { title: string; texts: (string | null)[]; confirm: string; make: () => void } =
    change.kind === 'endCanary' ? { title: words.endCanaryTitle, texts: [words.endCanaryText(active)], confirm: words.endCanary, make: () => endCanary.mutate({ params }) }
    : change.kind === 'canary' ? {
      title: share ? words.shareTitle(change.revision) : words.canaryTitle(change.revision), texts: [words.canaryText(change.revision, active), other(deployment.canary?.revision)],
      confirm: share ? words.changeShare : words.startCanary, make: () => canary.mutate({ params, body: { revision: change.revision, percent: Number(percent) } }),
    }
    : change.kind === 'shadow' ? { title: words.shadowTitle(change.revision), texts: [words.shadowText(change.revision), other(deployment.shadowRevision)], confirm: words.startShadow, make: () => shadow.mutate({ params, body: { revision: change.revision } }) }
    : change.kind === 'rollBack' ? { title: words.rollBackTitle(change.revision), texts: [words.activateText(change.revision, active), ends], confirm: words.rollBack, make: () => rollBack.mutate({ params }) }
    : {
      title: words.activateTitle(change.revision), texts: [replacing ? words.activateText(change.revision, active) : words.reviveText(change.revision), ends], confirm: words.activate,
      make: () => activate.mutate({ params: { path: { ...params.path, number: String(change.revision) } } }),
    };
  return (
    <Dialog
      open
      onClose={close}
      title={told.title}
      onSubmit={told.make}
      footer={<><Button onClick={close}>{parts.cancel}</Button><Button look="primary" type="submit" busy={asked?.isPending === true}>{told.confirm}</Button></>}
    >
      <Stack gap={3}>
        {told.texts.map((text) => text !== null && <p key={text}>{text}</p>)}
        {change.kind === 'canary' && (
          <TextField
            label={words.share} hint={words.shareHint} type="number" min={1} max={99} step={1} required inputMode="numeric" value={percent} error={fields.percent}
            onChange={(event) => setPercent(event.target.value)}
          />
        )}
        {asked?.isPending && asked.failureCount > 0 && <p role="status">{words.loading}</p>}
        {fields.percent === undefined && <ProblemNote error={asked?.isPending ? null : asked?.error} />}
      </Stack>
    </Dialog>
  );
}
