import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import { session } from '../api/session';
import { useWords } from '../app/words';
import { Button, ButtonLink } from '../parts/Button';
import { Fields, TextField } from '../parts/Field';
import { ProblemNote } from '../parts/States';
import { Entrance, mailedToken } from './Entrance';
import { accountWords } from './words';

/** The page behind the link in the mail of a password reset. */
export function ResetPassword() {
  const words = useWords(accountWords);
  const options = api.useQuery('get', '/api/v1/auth/options');
  const [password, setPassword] = useState('');
  const [token] = useState(mailedToken);
  const reset = api.useMutation('post', '/api/v1/auth/password/reset', { onError: () => undefined, onSuccess: () => session.end() });
  const field = reset.error === null ? undefined : asProblem(reset.error).fields.newPassword;
  if (token === null) return <Entrance title={words.noToken} text={words.noTokenText}><ButtonLink to="/forgot-password">{words.forgotTitle}</ButtonLink></Entrance>;
  if (reset.isSuccess) return <Entrance title={words.resetDone} text={words.resetDoneText}><ButtonLink look="primary" to="/sign-in">{words.signIn}</ButtonLink></Entrance>;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    reset.mutate({ body: { token, newPassword: password } });
  };
  return (
    <Entrance title={words.resetTitle}>
      <form onSubmit={submit}>
        <Fields>
          <TextField label={words.newPassword} type="password" autoComplete="new-password" required autoFocus hint={words.passwordRule(options.data?.passwordMinimumLength ?? 12)} value={password} error={field} onChange={(event) => setPassword(event.target.value)} />
          {field === undefined && <ProblemNote error={reset.error} />}
          <Button look="primary" type="submit" busy={reset.isPending}>{words.save}</Button>
        </Fields>
      </form>
    </Entrance>
  );
}
