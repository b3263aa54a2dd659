import { useEffect, useRef, useState } from 'react';
import { api } from '../api/client';
import { useWords } from '../app/words';
import { ButtonLink } from '../parts/Button';
import { ProblemNote, Skeleton } from '../parts/States';
import { Entrance, mailedToken } from './Entrance';
import { accountWords } from './words';

/** The page behind the link that confirms a new e-mail address. */
export function ConfirmEmail() {
  const words = useWords(accountWords);
  const [token] = useState(mailedToken);
  const confirm = api.useMutation('post', '/api/v1/auth/me/confirm-email', { onError: () => undefined });
  const asked = useRef(false);
  useEffect(() => {
    if (token === null || asked.current) return;
    asked.current = true;
    confirm.mutate({ body: { token } });
  }, [confirm, token]);
  if (token === null) return <Entrance title={words.noToken} text={words.noTokenText} />;
  if (confirm.isSuccess) return <Entrance title={words.emailChanged} text={words.emailChangedText}><ButtonLink look="primary" to="/">{words.toConsole}</ButtonLink></Entrance>;
  return <Entrance title={words.confirming}>{confirm.isError ? <ProblemNote error={confirm.error} /> : <Skeleton lines={1} />}</Entrance>;
}
