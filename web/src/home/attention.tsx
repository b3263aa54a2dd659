import { Link } from '@tanstack/react-router';
import { DatabaseBackup, Gauge, Mail, ServerCrash, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { TrainingJob } from '../api/schema';
import { ago, number } from '../app/format';
import { useWords } from '../app/words';
import { useHealth } from '../administration/useHealth';
import { quotaTone, quotaWords, shareOf } from '../parts/Quotas';
import { homeWords } from './words';

export type Attention = { key: string; tone: 'bad' | 'warn' | 'info'; icon: ReactNode; title: string; text?: string | undefined; action: ReactNode };

/** All that waits for the signed-in person, what is broken first. With an error, something of it could not be read. */
export function useAttention({ failed, nameOf, isPending, error }: { failed: TrainingJob[]; nameOf: (job: TrainingJob) => string; isPending: boolean; error: unknown }): { items: Attention[]; isPending: boolean; error: unknown; retry: () => void } {
  const words = useWords(homeWords);
  const quotas = useWords(quotaWords);
  const may = useMay();
  const invitations = api.useQuery('get', '/api/v1/invitations/received', { params: { query: { state: 'pending', limit: 10 } } });
  const usage = api.useQuery('get', '/api/v1/auth/usage');
  const backups = api.useQuery('get', '/api/v1/operations/backups', {}, { enabled: may('operations:read'), staleTime: 60_000 });
  const health = useHealth({ enabled: may('operations:read'), interval: 60_000 });
  const items: Attention[] = [
    ...(health.data?.checks ?? []).filter((check) => check.status !== 'ok').map((check): Attention => ({
      key: `health-${check.name}`, tone: check.status === 'degraded' ? 'warn' : 'bad', icon: <ServerCrash />, title: words.unhealthy(check.name), text: check.detail ?? undefined,
      action: <Link to="/administration/system">{words.system}</Link>,
    })),
    ...(backups.data?.databases ?? []).filter((database) => database.problem !== null).map((database): Attention => ({
      key: `backup-${database.database}`, tone: 'warn', icon: <DatabaseBackup />, title: words.backup(database.database), text: database.problem ?? undefined, action: <Link to="/operations">{words.operations}</Link>,
    })),
    ...failed.map((job): Attention => ({
      key: job.id, tone: 'bad', icon: <TriangleAlert />, title: words.failed(job.name), text: [words.inProject(nameOf(job)), job.completedAt && ago(job.completedAt), job.error?.message].filter(Boolean).join(' · '),
      action: <Link to="/projects/$projectId/jobs/$jobId" params={{ projectId: job.projectId, jobId: job.id }}>{words.open}</Link>,
    })),
    ...(invitations.data?.items ?? []).map((invitation): Attention => ({
      key: invitation.id, tone: 'info', icon: <Mail />, title: words.invited(invitation.targetName), text: words.invitedText, action: <Link to="/invitations">{words.invitations}</Link>,
    })),
    ...(usage.data?.limits ?? []).filter((limit) => quotaTone(shareOf(limit) ?? 0) !== 'accent').map((limit): Attention => {
      const full = quotaTone(shareOf(limit) ?? 0) === 'bad';
      return {
        key: `quota-${limit.scope}-${limit.kind}`, tone: full ? 'bad' : 'warn', icon: <Gauge />, title: full ? words.quotaFull(quotas.kinds[limit.kind]) : words.quota(quotas.kinds[limit.kind]),
        text: words.used(number(limit.used, Number.isInteger(limit.used) ? 0 : 1), number(limit.limit ?? 0)), action: <Link to="/profile">{words.limits}</Link>,
      };
    }),
  ];
  const queries = [invitations, usage, backups, health];
  return {
    items,
    isPending: isPending || invitations.isPending || usage.isPending,
    error: error ?? queries.find((query) => query.isError && query.data === undefined)?.error ?? null,
    retry: () => { for (const query of queries) if (query.isError) void query.refetch(); },
  };
}
