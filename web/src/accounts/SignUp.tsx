import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import { useWords } from '../app/words';
import { Button, ButtonLink } from '../parts/Button';
import { Fields, TextField } from '../parts/Field';
import { ProblemNote } from '../parts/States';
import { Entrance } from './Entrance';
import { accountWords } from './words';

export function SignUp() {
  const words = useWords(accountWords);
  const options = api.useQuery('get', '/api/v1/auth/options');
  const [form, setForm] = useState({ email: '', password: '', fullName: '' });
  const signUp = api.useMutation('post', '/api/v1/auth/sign-up', { onError: () => undefined });
  const fields = signUp.error === null ? {} : asProblem(signUp.error).fields;

  if (options.data !== undefined && options.data.signUp !== 'open')
    return <Entrance title={words.signUp} text={words.signUpByInvitation}><ButtonLink to="/sign-in">{words.toSignIn}</ButtonLink></Entrance>;
  if (signUp.isSuccess)
    return options.data?.confirmsEmail
      ? <Entrance title={words.checkMail} text={words.checkMailText(form.email)} />
      : <Entrance title={words.confirmed} text={words.confirmedText}><ButtonLink look="primary" to="/sign-in">{words.toSignIn}</ButtonLink></Entrance>;

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signUp.mutate({ body: { email: form.email, password: form.password, fullName: form.fullName.trim() || null } });
  };
  return (
    <Entrance title={words.signUp}>
      <form onSubmit={submit}>
        <Fields>
          <TextField label={words.name} autoComplete="name" value={form.fullName} error={fields.fullName} onChange={(event) => setForm({ ...form, fullName: event.target.value })} />
          <TextField label={words.email} type="email" autoComplete="username" required value={form.email} error={fields.email} onChange={(event) => setForm({ ...form, email: event.target.value })} />
          <TextField label={words.password} type="password" autoComplete="new-password" required hint={words.passwordRule(options.data?.passwordMinimumLength ?? 12)} value={form.password} error={fields.password} onChange={(event) => setForm({ ...form, password: event.target.value })} />
          {Object.keys(fields).length === 0 && <ProblemNote error={signUp.error} />}
          <Button look="primary" type="submit" busy={signUp.isPending}>{words.signUp}</Button>
        </Fields>
      </form>
      <p>{words.haveAccount} <Link to="/sign-in">{words.signIn}</Link></p>
    </Entrance>
  );
}
