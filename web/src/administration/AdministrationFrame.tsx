import { ShieldAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useMay, usePermissions } from '../api/permissions';
import { useWords } from '../app/words';
import { Page } from '../parts/Page';
import { Empty, Skeleton } from '../parts/States';
import { LinkTabs, type Tab } from '../parts/Tabs';
import { administrationWords } from './words';

/** Title and tabs of the administration, and its page for those who hold the permission. */
export function AdministrationFrame({ permission, actions, children }: { permission: string; actions?: ReactNode; children: ReactNode }) {
  const words = useWords(administrationWords);
  const known = usePermissions().data !== undefined;
  const may = useMay();
  const tabs: (Tab | false)[] = [
    may('users:read') && { label: words.users, to: '/administration', activeOptions: { exact: true, includeSearch: false } },
    may('projects:administer') && { label: words.projects, to: '/administration/projects', activeOptions: { includeSearch: false } },
    may('audit:read') && { label: words.audit, to: '/administration/audit', activeOptions: { includeSearch: false } },
    may('operations:read') && { label: words.system, to: '/administration/system', activeOptions: { includeSearch: false } },
  ];
  return (
    <Page title={words.administration} actions={may(permission) && actions}>
      <LinkTabs label={words.parts} tabs={tabs.filter((tab) => tab !== false)} />
      {!known ? <Skeleton lines={6} height={40} /> : may(permission) ? children : <Empty icon={<ShieldAlert />} title={words.mayNot}>{words.mayNotText}</Empty>}
    </Page>
  );
}
