import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { session } from '../api/session';
import { useSession } from '../api/useSession';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Fields, TextField } from '../parts/Field';
import { Row } from '../parts/Page';
import { ProblemNote } from '../parts/States';
import { Entrance } from './Entrance';
import { accountWords } from './words';

export function SignIn() {
  const words = useWords(accountWords);
  const { next } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const options = api.useQuery('get', '/api/v1/auth/options');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = api.useMutation('post', '/api/v1/auth/login', { onError: () => undefined, onSuccess: (answer) => session.begin(answer) });
  const current = useSession();

  // Also when another tab signs in.
  useEffect(() => {
    if (current !== null) void navigate({ href: current.mustChangePassword ? '/change-password' : (next ?? '/'), replace: true });
  }, [current, navigate, next]);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate({ body: { email, password } });
  };
  return (
    <Entrance title={words.signIn}>
      <form onSubmit={submit}>
        <Fields>
          <TextField label={words.email} type="email" autoComplete="username" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />
          <TextField label={words.password} type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
          <ProblemNote error={signIn.error} />
          <Button look="primary" type="submit" busy={signIn.isPending}>{words.signIn}</Button>
        </Fields>
      </form>
      <Row between>
        <Link to="/forgot-password">{words.forgot}</Link>
        {options.data?.signUp === 'open' && <Link to="/sign-up">{words.signUp}</Link>}
      </Row>
    </Entrance>
  );
}
