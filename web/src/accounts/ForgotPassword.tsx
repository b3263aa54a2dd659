import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Fields, TextField } from '../parts/Field';
import { ProblemNote } from '../parts/States';
import { Entrance } from './Entrance';
import { accountWords } from './words';

export function ForgotPassword() {
  const words = useWords(accountWords);
  const [email, setEmail] = useState('');
  const ask = api.useMutation('post', '/api/v1/auth/password/forgot', { onError: () => undefined });
  if (ask.isSuccess) return <Entrance title={words.sent} text={words.sentText(email)}><Link to="/sign-in">{words.toSignIn}</Link></Entrance>;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ask.mutate({ body: { email } });
  };
  return (
    <Entrance title={words.forgotTitle} text={words.forgotText}>
      <form onSubmit={submit}>
        <Fields>
          <TextField label={words.email} type="email" autoComplete="username" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />
          <ProblemNote error={ask.error} />
          <Button look="primary" type="submit" busy={ask.isPending}>{words.sendLink}</Button>
        </Fields>
      </form>
      <Link to="/sign-in">{words.toSignIn}</Link>
    </Entrance>
  );
}
