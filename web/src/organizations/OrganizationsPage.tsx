import { Link, Navigate, useNavigate, useSearch } from '@tanstack/react-router';
import { Building2, Plus } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Organization } from '../api/schema';
import { date, number } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { TextField } from '../parts/Field';
import { Card, Page } from '../parts/Page';
import { PagedList, paged } from '../parts/PagedList';
import { Empty } from '../parts/States';
import { Table, type Column } from '../parts/Table';
import { OrganizationDialog } from './OrganizationDialog';
import styles from './Organizations.module.css';
import { organizationWords } from './words';

/** All organizations for administrators; everybody else goes on to their own. */
export function OrganizationsPage() {
  const words = useWords(organizationWords);
  const { name = '' } = useSearch({ from: '/members/organizations' });
  const navigate = useNavigate({ from: '/organizations' });
  const may = useMay();
  const [creating, setCreating] = useState(false);
  const query = api.useInfiniteQuery('get', '/api/v1/organizations', { params: { query: { sort: 'name', limit: 50, ...(name ? { name } : {}) } } }, paged);
  const administers = may('organizations:write');
  const only = query.data?.pages[0]?.items;
  if (!administers && name === '' && only?.length === 1 && only[0] !== undefined) return <Navigate to="/organizations/$organizationId" params={{ organizationId: only[0].id }} replace />;
  const columns: Column<Organization>[] = [
    { key: 'name', title: words.name, cell: (one) => <Link to="/organizations/$organizationId" params={{ organizationId: one.id }}>{one.name}</Link> },
    { key: 'company', title: words.company, secondary: true, cell: (one) => [one.company, one.division].filter(Boolean).join(' · ') || '–' },
    { key: 'users', title: words.maxUsers, right: true, cell: (one) => limit(one.maxUsers) },
    { key: 'storage', title: words.maxStorageGb, right: true, secondary: true, cell: (one) => limit(one.maxStorageGb) },
    { key: 'hours', title: words.maxGpuHoursPerMonth, right: true, secondary: true, cell: (one) => limit(one.maxGpuHoursPerMonth) },
    { key: 'created', title: words.createdAt, secondary: true, cell: (one) => date(one.createdAt) },
  ];
  return (
    <Page title={words.organizations} actions={administers && <Button look="primary" icon={<Plus />} onClick={() => setCreating(true)}>{words.newOrganization}</Button>}>
      {administers && (
        <div className={styles.search}>
          <TextField label={words.search} hideLabel type="search" placeholder={words.search} value={name} onChange={(event) => void navigate({ search: { name: event.target.value || undefined }, replace: true })} />
        </div>
      )}
      <Card flush>
        <PagedList query={query} empty={name !== '' ? <Empty title={words.noneFound} /> : administers ? <Empty icon={<Building2 />} title={words.noneAtAll}>{words.noneAtAllText}</Empty> : <Empty icon={<Building2 />} title={words.none}>{words.noneText}</Empty>}>
          {(items) => <Table label={words.organizations} rows={items} rowKey={(one) => one.id} columns={columns} />}
        </PagedList>
      </Card>
      {creating && <OrganizationDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

const limit = (value: number | null): string => (value === null ? '–' : number(value));
