import { useState } from 'react';
import { api } from '../api/client';
import { asProblem } from '../api/problem';
import { session } from '../api/session';
import type { User } from '../api/schema';
import { setTheme, useThemeChoice } from '../app/theme';
import { setLanguage, useLanguage, useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button } from '../parts/Button';
import { Fields, TextField } from '../parts/Field';
import { Card, Row } from '../parts/Page';
import { Quotas } from '../parts/Quotas';
import { roleWords } from '../parts/roleWords';
import { ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { Segments } from '../parts/Tabs';
import { notify } from '../parts/Toast';
import { Avatar } from '../parts/UserAvatarCard';
import styles from './Profile.module.css';
import { ProfileFrame } from './ProfileFrame';
import { profileWords } from './profileWords';

/** Name, avatar, theme, language and limits of the signed-in person. */
export function ProfilePage() {
  const words = useWords(profileWords);
  const me = api.useQuery('get', '/api/v1/auth/me');
  return (
    <ProfileFrame>
      <Card title={words.person}>
        {me.isPending ? <Skeleton lines={5} height={32} /> : me.data === undefined ? <ErrorState error={me.error} onRetry={() => void me.refetch()} /> : <Person key={me.data.id} user={me.data} />}
      </Card>
      <Appearance />
      <Usage />
    </ProfileFrame>
  );
}

function Person({ user }: { user: User }) {
  const words = useWords(profileWords);
  const roles = useWords(roleWords);
  const options = api.useQuery('get', '/api/v1/auth/options', {}, { staleTime: 300_000 }).data;
  const [name, setName] = useState(user.fullName ?? '');
  // The answer does not say whether the color was chosen, so the shown one is kept unless another is chosen.
  const [color, setColor] = useState<string | null>(user.badgeColor);
  const me = api.useQuery('get', '/api/v1/auth/me', {}, { enabled: false });
  const save = api.useMutation('put', '/api/v1/auth/me', {
    onError: () => undefined,
    onSuccess: async (profile) => {
      session.setUser(profile.user);
      setColor(profile.user.badgeColor);
      notify(words.saved);
      await me.refetch();
    },
  });
  const fields = save.error === null ? {} : asProblem(save.error).fields;
  const changed = name.trim() !== (user.fullName ?? '') || color !== user.badgeColor;
  return (
    <form className={styles.form} onSubmit={(event) => { event.preventDefault(); save.mutate({ body: { fullName: name.trim() || null, badgeColor: color } }); }}>
      <Fields>
        <Row gap={3}>
          <Avatar person={{ initials: user.initials, badgeColor: color ?? user.badgeColor }} size={56} />
          <div className={styles.names}><strong>{name.trim() || user.email}</strong><span>{user.email}</span></div>
        </Row>
        <p className={styles.role}>{words.role}: <Badge tone="accent">{roles.system[user.role]}</Badge></p>
        <TextField label={words.name} autoComplete="name" maxLength={200} value={name} error={fields.fullName} onChange={(event) => setName(event.target.value)} />
        <fieldset className={styles.colors}>
          <legend>{words.avatar}</legend>
          {options === undefined ? <Skeleton lines={1} height={28} /> : options.badgeColors.map((choice) => (
            <label key={choice} style={{ background: choice }} data-chosen={choice === color || undefined}>
              <input type="radio" name="color" className="visually-hidden" checked={choice === color} aria-label={words.color(choice)} onChange={() => setColor(choice)} />
            </label>
          ))}
          <label className={styles.automatic} data-chosen={color === null || undefined}><input type="radio" name="color" className="visually-hidden" checked={color === null} onChange={() => setColor(null)} />{words.automatic}</label>
        </fieldset>
        {Object.keys(fields).length === 0 && <ProblemNote error={save.error} />}
        <div><Button look="primary" type="submit" busy={save.isPending} disabled={!changed}>{words.save}</Button></div>
      </Fields>
    </form>
  );
}

function Appearance() {
  const words = useWords(profileWords);
  const theme = useThemeChoice();
  const language = useLanguage();
  return (
    <Card title={words.appearance}>
      <div className={styles.choices}>
        <span>{words.theme}</span>
        <div><Segments label={words.theme} value={theme} onChange={setTheme} options={[{ value: 'system', label: words.system }, { value: 'light', label: words.light }, { value: 'dark', label: words.dark }]} /></div>
        <span>{words.language}</span>
        <div><Segments label={words.language} value={language} onChange={setLanguage} options={[{ value: 'en', label: 'English' }, { value: 'ko', label: '한국어' }]} /></div>
      </div>
    </Card>
  );
}

function Usage() {
  const words = useWords(profileWords);
  const usage = api.useQuery('get', '/api/v1/auth/usage');
  return (
    <Card title={words.usage}>
      {usage.isPending ? <Skeleton lines={4} height={28} /> : usage.data === undefined ? <ErrorState error={usage.error} onRetry={() => void usage.refetch()} /> : <Quotas limits={usage.data.limits} />}
    </Card>
  );
}
