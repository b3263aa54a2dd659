import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState, type LinkProps } from '@tanstack/react-router';
import { Building2, Database, FolderKanban, Home, LifeBuoy, Mail, Menu as MenuIcon, ShieldCheck, Wrench } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useEffect, useState, type ReactNode } from 'react';
import { client } from '../api/client';
import { useMay } from '../api/permissions';
import { session } from '../api/session';
import { useSession } from '../api/useSession';
import { Button } from '../parts/Button';
import menuStyles from '../parts/Menu.module.css';
import { Segments } from '../parts/Tabs';
import { Avatar } from '../parts/UserAvatarCard';
import styles from './Shell.module.css';
import { shellWords } from './shellWords';
import { setTheme, useThemeChoice } from './theme';
import { setLanguage, useLanguage, useWords } from './words';

/** The frame of all pages for signed-in people: navigation on the left, on narrow screens behind a button. */
export function Shell() {
  const words = useWords(shellWords);
  const [open, setOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const current = useSession();
  const navigate = useNavigate();
  useEffect(() => setOpen(false), [path]);
  // The session ended here or in another tab.
  useEffect(() => {
    if (current === null) void navigate({ to: '/sign-in', search: { next: path === '/' ? undefined : path } });
  }, [current, navigate, path]);
  if (current === null) return null;
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">{words.skip}</a>
      <header className={styles.bar}>
        <Button look="quiet" icon={<MenuIcon />} aria-label={words.openNavigation} aria-expanded={open} onClick={() => setOpen(!open)} />
        <Brand />
      </header>
      <aside className={styles.side} data-open={open || undefined}>
        <div className={styles.brand}><Brand /></div>
        <Navigation />
        <AccountMenu />
      </aside>
      {open && <button type="button" className={styles.shade} aria-hidden="true" tabIndex={-1} onClick={() => setOpen(false)} />}
      <main id="content" className={styles.content} tabIndex={-1}><Outlet /></main>
    </div>
  );
}

const Brand = () => (
  <Link to="/" className={styles.name}><img src="/favicon.svg" alt="" width={22} height={22} />Vision Platform</Link>
);

function Navigation() {
  const words = useWords(shellWords);
  const may = useMay();
  return (
    <nav className={styles.navigation} aria-label={words.navigation}>
      <NavItem to="/" icon={<Home />} activeOptions={{ exact: true }}>{words.home}</NavItem>
      <NavItem to="/projects" icon={<FolderKanban />}>{words.projects}</NavItem>
      <NavItem to="/shared-datasets" icon={<Database />}>{words.datasetsShared}</NavItem>
      <NavItem to="/organizations" icon={<Building2 />}>{words.organizations}</NavItem>
      <NavItem to="/invitations" icon={<Mail />}>{words.invitations}</NavItem>
      {(may('operations:read') || may('users:read')) && <hr className={styles.line} />}
      {may('operations:read') && <NavItem to="/operations" icon={<Wrench />}>{words.operations}</NavItem>}
      {may('users:read') && <NavItem to="/administration" icon={<ShieldCheck />}>{words.administration}</NavItem>}
    </nav>
  );
}

const NavItem = ({ icon, children, ...link }: { icon: ReactNode; children: ReactNode } & LinkProps) => (
  <Link className={styles.item} activeProps={{ 'data-active': 'true', 'aria-current': 'page' } as object} preload="intent" {...link}>{icon}<span>{children}</span></Link>
);

function AccountMenu() {
  const words = useWords(shellWords);
  const user = useSession()?.user;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const theme = useThemeChoice();
  const language = useLanguage();
  if (user === undefined) return null;
  const signOut = async (): Promise<void> => {
    // The session here ends even when the server cannot be told.
    await client.POST('/api/v1/auth/logout').catch(() => undefined);
    session.end();
    queries.clear();
  };
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className={styles.account} aria-label={words.account}>
        <Avatar person={user} size={28} />
        <span className={styles.who}><span>{user.fullName ?? user.email}</span><small>{user.role.replaceAll('_', ' ')}</small></span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={menuStyles.menu} side="top" align="start" sideOffset={6} collisionPadding={8}>
          <DropdownMenu.Item className={menuStyles.item} onSelect={() => void navigate({ to: '/profile' })}>{words.profile}</DropdownMenu.Item>
          <DropdownMenu.Item className={menuStyles.item} onSelect={() => window.open('/api/v1/docs', '_blank', 'noopener')}><LifeBuoy />{words.docs}</DropdownMenu.Item>
          <DropdownMenu.Separator className={menuStyles.line} />
          <div className={styles.choice}>
            <span>{words.theme}</span>
            <Segments label={words.theme} value={theme} onChange={setTheme} options={[{ value: 'system', label: words.system }, { value: 'light', label: words.light }, { value: 'dark', label: words.dark }]} />
            <span>{words.language}</span>
            <Segments label={words.language} value={language} onChange={setLanguage} options={[{ value: 'en', label: 'English' }, { value: 'ko', label: '한국어' }]} />
          </div>
          <DropdownMenu.Separator className={menuStyles.line} />
          <DropdownMenu.Item className={menuStyles.item} onSelect={() => void signOut()}>{words.signOut}</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
