import type { ReactNode } from 'react';
import { useWords } from '../app/words';
import { Page } from '../parts/Page';
import { LinkTabs } from '../parts/Tabs';
import { profileWords } from './profileWords';

/** Title and tabs of the profile's pages. */
export function ProfileFrame({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
  const words = useWords(profileWords);
  return (
    <Page title={words.profile} actions={actions}>
      <LinkTabs label={words.parts} tabs={[
        { label: words.general, to: '/profile', activeOptions: { exact: true } },
        { label: words.security, to: '/profile/security' },
        { label: words.tokens, to: '/profile/tokens' },
      ]} />
      {children}
    </Page>
  );
}
