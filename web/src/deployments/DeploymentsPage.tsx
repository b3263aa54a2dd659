import { Link, useParams } from '@tanstack/react-router';
import { Rocket } from 'lucide-react';
import { api } from '../api/client';
import { ago, metric, number } from '../app/format';
import { useWords } from '../app/words';
import { Button, ButtonLink } from '../parts/Button';
import { Card, Page } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import { partWords } from '../parts/words';
import { DeploymentState, isUnderWay } from './DeploymentState';
import { deploymentWords } from './words';

export function DeploymentsPage() {
  const words = useWords(deploymentWords);
  const parts = useWords(partWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId/deployments' });
  const pages = api.useInfiniteQuery('get', '/api/v1/deployments', { params: { query: { projectId, limit: 50 } } }, {
    pageParamName: 'cursor',
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((one) => isUnderWay(one.state))) ? 2000 : false),
  });
  const deployments = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={words.deployments}>
      {pages.isPending ? <Skeleton lines={6} height={36} />
        : pages.isError ? <ErrorState error={pages.error} onRetry={() => void pages.refetch()} />
        : deployments.length === 0 ? <Empty icon={<Rocket />} title={words.none} action={<ButtonLink to="/projects/$projectId/exports" params={{ projectId }}>{words.toExports}</ButtonLink>}>{words.noneText}</Empty>
        : (
          <Card flush>
            <Table
              label={words.deployments}
              rows={deployments}
              rowKey={(one) => one.id}
              columns={[
                { key: 'name', title: words.name, cell: (one) => <Link to="/projects/$projectId/deployments/$deploymentId" params={{ projectId, deploymentId: one.id }}>{one.name}</Link> },
                { key: 'state', title: words.state, cell: (one) => <DeploymentState state={one.state} /> },
                { key: 'requests', title: words.requests, right: true, cell: (one) => number(one.requestCount) },
                { key: 'latency', title: words.latency, right: true, secondary: true, cell: (one) => (one.averageLatencyMs === null ? '–' : words.milliseconds(metric(one.averageLatencyMs))) },
                { key: 'created', title: words.created, secondary: true, cell: (one) => ago(one.createdAt) },
              ]}
            />
          </Card>
        )}
      {pages.hasNextPage && <div><Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{parts.more}</Button></div>}
    </Page>
  );
}
