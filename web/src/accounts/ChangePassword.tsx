import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import { session } from '../api/session';
import { useSession } from '../api/useSession';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Fields, TextField } from '../parts/Field';
import { ProblemNote } from '../parts/States';
import { Entrance } from './Entrance';
import { accountWords } from './words';

/** Replaces a one-time password; nothing else is allowed before. */
export function ChangePassword() {
  const words = useWords(accountWords);
  const navigate = useNavigate();
  const options = api.useQuery('get', '/api/v1/auth/options');
  const [form, setForm] = useState({ currentPassword: '', newPassword: '' });
  const current = useSession();
  const change = api.useMutation('put', '/api/v1/auth/password', {
    onError: () => undefined,
    onSuccess: (answer) => {
      session.begin(answer);
      void navigate({ to: '/' });
    },
  });
  useEffect(() => {
    if (current === null) void navigate({ to: '/sign-in' });
  }, [current, navigate]);
  const fields = change.error === null ? {} : asProblem(change.error).fields;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate({ body: form });
  };
  return (
    <Entrance title={words.mustChange} text={words.mustChangeText}>
      <form onSubmit={submit}>
        <Fields>
          <TextField label={words.currentPassword} type="password" autoComplete="current-password" required autoFocus value={form.currentPassword} error={fields.currentPassword} onChange={(event) => setForm({ ...form, currentPassword: event.target.value })} />
          <TextField label={words.newPassword} type="password" autoComplete="new-password" required hint={words.passwordRule(options.data?.passwordMinimumLength ?? 12)} value={form.newPassword} error={fields.newPassword} onChange={(event) => setForm({ ...form, newPassword: event.target.value })} />
          {Object.keys(fields).length === 0 && <ProblemNote error={change.error} />}
          <Button look="primary" type="submit" busy={change.isPending}>{words.save}</Button>
        </Fields>
      </form>
    </Entrance>
  );
}
