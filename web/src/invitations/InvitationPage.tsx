import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { Entrance, mailedToken } from '../accounts/Entrance';
import { accountWords } from '../accounts/words';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { Invitation, InvitationPreview } from '../api/schema';
import { session } from '../api/session';
import { useSession } from '../api/useSession';
import { dateTime } from '../app/format';
import { useWords } from '../app/words';
import { Button, ButtonLink } from '../parts/Button';
import { Fields, TextField } from '../parts/Field';
import { Row, Stack } from '../parts/Page';
import { Segments } from '../parts/Tabs';
import { ProblemNote, Skeleton } from '../parts/States';
import { invitationWords } from './words';

/** The page behind the link in an invitation mail: says what is offered, and accepts it with an account that exists or a new one. */
export function InvitationPage() {
  const words = useWords(invitationWords);
  const account = useWords(accountWords);
  const [token] = useState(mailedToken);
  const preview = api.useQuery('post', '/api/v1/invitations/preview', { body: { token: token ?? '' } }, { enabled: token !== null, retry: false });
  const current = useSession();
  if (token === null) return <Entrance title={account.noToken} text={account.noTokenText} />;
  if (preview.isError) return <Entrance title={words.invitation}><ProblemNote error={preview.error} /></Entrance>;
  if (preview.data === undefined) return <Entrance title={words.invitation}><Skeleton lines={2} /></Entrance>;
  const offer = preview.data;
  return (
    <Entrance title={words.to(offer.targetName)} text={words.text(offer.inviter, words.kinds[offer.kind], offer.role.replaceAll('_', ' '))}>
      {offer.message !== null && <blockquote style={{ margin: 0, paddingLeft: 12, borderLeft: '3px solid var(--line)' }}>{offer.message}</blockquote>}
      {current === null ? <WithoutSession token={token} offer={offer} />
        : current.user.email.toLowerCase() === offer.email.toLowerCase() ? <Decide token={token} />
        : <Stack gap={3}><p>{words.forOther(offer.email)}</p><Button onClick={() => session.end()}>{words.switchAccount}</Button></Stack>}
      <p style={{ color: 'var(--text-3)', fontSize: 'var(--size-1)' }}>{words.validUntil(dateTime(offer.expiresAt))}</p>
    </Entrance>
  );
}

function useGoToTarget(): (invitation: Pick<Invitation, 'kind' | 'targetId'>) => void {
  const navigate = useNavigate();
  return ({ kind, targetId }) =>
    void navigate({ href: kind === 'project' ? `/projects/${targetId}` : kind === 'dataset' ? `/datasets/${targetId}` : `/organizations/${targetId}`, replace: true });
}

function Decide({ token }: { token: string }) {
  const words = useWords(invitationWords);
  const account = useWords(accountWords);
  const goTo = useGoToTarget();
  const accept = api.useMutation('post', '/api/v1/invitations/accept', { onError: () => undefined, onSuccess: goTo });
  const decline = api.useMutation('post', '/api/v1/invitations/decline', { onError: () => undefined });
  if (decline.isSuccess) return <Stack><p>{words.declined}</p><ButtonLink to="/">{account.toConsole}</ButtonLink></Stack>;
  return (
    <Stack gap={3}>
      <ProblemNote error={accept.error ?? decline.error} />
      <Row>
        <Button look="primary" busy={accept.isPending} onClick={() => accept.mutate({ body: { token } })}>{words.accept}</Button>
        <Button busy={decline.isPending} onClick={() => decline.mutate({ body: { token } })}>{words.decline}</Button>
      </Row>
    </Stack>
  );
}

function WithoutSession({ token, offer }: { token: string; offer: InvitationPreview }) {
  const words = useWords(invitationWords);
  const account = useWords(accountWords);
  const options = api.useQuery('get', '/api/v1/auth/options');
  const navigate = useNavigate();
  const [known, setKnown] = useState<'new' | 'known'>('new');
  const [form, setForm] = useState({ fullName: '', password: '' });
  const signUp = api.useMutation('post', '/api/v1/invitations/sign-up', {
    onError: () => undefined,
    onSuccess: (answer) => {
      session.begin(answer);
      void navigate({ to: '/', replace: true });
    },
  });
  const fields = signUp.error === null ? {} : asProblem(signUp.error).fields;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signUp.mutate({ body: { token, password: form.password, fullName: form.fullName.trim() || null } });
  };
  return (
    <Stack>
      <Segments label={account.signIn} value={known} onChange={setKnown} options={[{ value: 'new', label: words.noAccount }, { value: 'known', label: words.haveAccount }]} />
      {known === 'known'
        ? <ButtonLink look="primary" to="/sign-in" search={{ next: `/invitation#token=${token}` }}>{words.signInToAccept}</ButtonLink>
        : (
          <form onSubmit={submit}>
            <Fields>
              <TextField label={account.email} type="email" autoComplete="username" readOnly value={offer.email} />
              <TextField label={account.name} autoComplete="name" value={form.fullName} error={fields.fullName} onChange={(event) => setForm({ ...form, fullName: event.target.value })} />
              <TextField label={account.password} type="password" autoComplete="new-password" required hint={account.passwordRule(options.data?.passwordMinimumLength ?? 12)} value={form.password} error={fields.password} onChange={(event) => setForm({ ...form, password: event.target.value })} />
              {Object.keys(fields).length === 0 && <ProblemNote error={signUp.error} />}
              <Button look="primary" type="submit" busy={signUp.isPending}>{words.createToAccept}</Button>
            </Fields>
          </form>
        )}
    </Stack>
  );
}
