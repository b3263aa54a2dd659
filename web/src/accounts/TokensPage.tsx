import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import type { NewPersonalToken, PersonalToken } from '../api/schema';
import { apiOrigin } from '../app/config';
import { ago, date, dateTime } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { ConfirmDialog, Dialog } from '../parts/Dialog';
import { CheckField, SelectField, TextField } from '../parts/Field';
import { Card } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { Empty, ProblemNote, Skeleton } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { partWords } from '../parts/words';
import styles from './Profile.module.css';
import { ProfileFrame } from './ProfileFrame';
import { profileWords } from './profileWords';

/** Tokens with which scripts act for the signed-in person. */
export function TokensPage() {
  const words = useWords(profileWords);
  const [creating, setCreating] = useState(false);
  const [revoked, setRevoked] = useState<PersonalToken | null>(null);
  const query = api.useInfiniteQuery('get', '/api/v1/auth/tokens', { params: { query: { limit: 50 } } }, paged);
  const create = <Button look="primary" icon={<Plus />} onClick={() => setCreating(true)}>{words.newToken}</Button>;
  const columns: Column<PersonalToken>[] = [
    { key: 'name', title: words.tokenName, cell: (token) => token.name },
    { key: 'scopes', title: words.scopes, cell: (token) => <span className={styles.list}>{token.scopes.map((scope) => <Badge key={scope}>{scope}</Badge>)}</span> },
    { key: 'used', title: words.lastUsed, secondary: true, cell: (token) => (token.lastUsedAt === null ? words.never : <span title={dateTime(token.lastUsedAt)}>{ago(token.lastUsedAt)}</span>) },
    { key: 'expires', title: words.expires, cell: (token) => <span title={dateTime(token.expiresAt)}>{date(token.expiresAt)}</span> },
    { key: 'revoke', title: '', right: true, cell: (token) => <Button look="quiet" size="small" aria-label={words.revokeOf(token.name)} onClick={() => setRevoked(token)}>{words.revoke}</Button> },
  ];
  return (
    <ProfileFrame actions={create}>
      <Card flush>
        <p className={styles.text}>{words.tokensText}</p>
        <PagedList query={query} rows={3} empty={<Empty icon={<KeyRound />} title={words.noTokens}>{words.noTokensText}</Empty>}>
          {(items) => <Table label={words.tokens} rows={items} rowKey={(token) => token.id} columns={columns} />}
        </PagedList>
      </Card>
      {creating && <NewToken onClose={() => setCreating(false)} />}
      {revoked !== null && <Revoke token={revoked} onClose={() => setRevoked(null)} />}
    </ProfileFrame>
  );
}

const lifetimes = [7, 30, 90, 180, 366];
const groups = ['read', 'write', 'admin'] as const;

function NewToken({ onClose }: { onClose: () => void }) {
  const words = useWords(profileWords);
  const parts = useWords(partWords);
  const invalidate = useInvalidate();
  const options = api.useQuery('get', '/api/v1/auth/options', {}, { staleTime: 300_000 }).data;
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set(['read']));
  const create = api.useMutation('post', '/api/v1/auth/tokens', { onError: () => undefined, onSuccess: () => invalidate('/api/v1/auth/tokens') });
  const fields = create.error === null ? {} : asProblem(create.error).fields;
  const toggle = (scope: string, chosen: boolean): void => {
    const next = new Set(scopes);
    if (chosen) next.add(scope);
    else next.delete(scope);
    setScopes(next);
  };
  if (create.data !== undefined) return <Created token={create.data} onClose={onClose} />;
  const single = options?.tokenScopes.filter((scope) => !(groups as readonly string[]).includes(scope)) ?? [];
  const chosenSingle = single.filter((scope) => scopes.has(scope)).length;
  return (
    <Dialog
      open
      onClose={onClose}
      title={words.newToken}
      onSubmit={() => create.mutate({ body: { name: name.trim(), scopes: [...scopes], expiresInDays: Number(days) } })}
      footer={<><Button onClick={onClose}>{parts.cancel}</Button><Button look="primary" type="submit" busy={create.isPending} disabled={scopes.size === 0}>{words.create}</Button></>}
    >
      <TextField label={words.tokenName} required autoFocus maxLength={100} value={name} error={fields.name} onChange={(event) => setName(event.target.value)} />
      <fieldset className={styles.scopes}>
        <legend>{words.scopes}</legend>
        {options === undefined ? <Skeleton lines={3} height={20} /> : groups.filter((group) => options.tokenScopes.includes(group)).map((group) => (
          <CheckField key={group} label={<code>{group}</code>} hint={words.groups[group]} checked={scopes.has(group)} onChange={(chosen) => toggle(group, chosen)} />
        ))}
        <details>
          <summary>{words.single}{chosenSingle > 0 && ` · ${words.chosen(chosenSingle)}`}</summary>
          <div className={styles.single}>{single.map((scope) => <CheckField key={scope} label={<code>{scope}</code>} checked={scopes.has(scope)} onChange={(chosen) => toggle(scope, chosen)} />)}</div>
        </details>
        {(fields.scopes ?? (scopes.size === 0 ? words.chooseScope : undefined)) !== undefined && <p className={styles.error} role="alert">{fields.scopes ?? words.chooseScope}</p>}
      </fieldset>
      <SelectField label={words.lifetime} value={days} error={fields.expiresInDays} onChange={setDays} options={lifetimes.map((value) => ({ value: String(value), label: words.days(value) }))} />
      {Object.keys(fields).length === 0 && <ProblemNote error={create.error} />}
    </Dialog>
  );
}

/** The secret text, which the server tells once. */
function Created({ token, onClose }: { token: NewPersonalToken; onClose: () => void }) {
  const words = useWords(profileWords);
  const origin = apiOrigin || window.location.origin;
  return (
    <Dialog open onClose={onClose} title={words.created} description={words.createdText} footer={<Button look="primary" onClick={onClose}>{words.done}</Button>}>
      <CopyText block text={token.token} />
      <div><p className={styles.role}>{words.use}</p><CopyText block text={`curl -H "Authorization: Bearer ${token.token}" ${origin}/api/v1/projects`} /></div>
    </Dialog>
  );
}

function Revoke({ token, onClose }: { token: PersonalToken; onClose: () => void }) {
  const words = useWords(profileWords);
  const invalidate = useInvalidate();
  const revoke = api.useMutation('delete', '/api/v1/auth/tokens/{id}', {
    onError: () => undefined,
    onSuccess: async () => {
      await invalidate('/api/v1/auth/tokens');
      notify(words.revoked(token.name));
      onClose();
    },
  });
  return <ConfirmDialog open onClose={onClose} title={words.revokeTitle(token.name)} confirm={words.revoke} busy={revoke.isPending} error={revoke.error} onConfirm={() => revoke.mutate({ params: { path: { id: token.id } } })}>{words.revokeText}</ConfirmDialog>;
}
