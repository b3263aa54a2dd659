import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import { session } from '../api/session';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Fields, TextField } from '../parts/Field';
import { ProblemNote } from '../parts/States';
import { Entrance, mailedToken } from './Entrance';
import { accountWords } from './words';

/** The page behind the link in the mail of a sign-up. It wants the password again, so that only the person who signed up gets the account. */
export function ConfirmSignUp() {
  const words = useWords(accountWords);
  const navigate = useNavigate();
  const [token] = useState(mailedToken);
  const [password, setPassword] = useState('');
  const confirm = api.useMutation('post', '/api/v1/auth/sign-up/confirm', {
    onError: () => undefined,
    onSuccess: (answer) => {
      session.begin(answer);
      void navigate({ to: '/' });
    },
  });
  if (token === null) return <Entrance title={words.noToken} text={words.noTokenText} />;
  const field = confirm.error === null ? undefined : asProblem(confirm.error).fields.password;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    confirm.mutate({ body: { token, password } });
  };
  return (
    <Entrance title={words.confirmTitle} text={words.confirmText}>
      <form onSubmit={submit}>
        <Fields>
          <TextField label={words.password} type="password" autoComplete="current-password" required autoFocus value={password} error={field} onChange={(event) => setPassword(event.target.value)} />
          {field === undefined && <ProblemNote error={confirm.error} />}
          <Button look="primary" type="submit" busy={confirm.isPending}>{words.confirm}</Button>
        </Fields>
      </form>
    </Entrance>
  );
}
