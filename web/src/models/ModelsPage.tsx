import { Link, useParams } from '@tanstack/react-router';
import { Boxes } from 'lucide-react';
import { api } from '../api/client';
import { ago } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { Button, ButtonLink } from '../parts/Button';
import { Card, Page } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import { partWords } from '../parts/words';
import { modelWords, taskWords } from './words';

export function ModelsPage() {
  const words = useWords(modelWords);
  const tasks = useWords(taskWords);
  const parts = useWords(partWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId/models' });
  const pages = api.useInfiniteQuery('get', '/api/v1/models', { params: { query: { projectId, limit: 50 } } }, {
    pageParamName: 'cursor',
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
  const models = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={words.models}>
      {pages.isPending ? <Skeleton lines={6} height={36} />
        : pages.isError ? <ErrorState error={pages.error} onRetry={() => void pages.refetch()} />
        : models.length === 0 ? <Empty icon={<Boxes />} title={words.none} action={<ButtonLink to="/projects/$projectId/jobs" params={{ projectId }}>{words.toJobs}</ButtonLink>}>{words.noneText}</Empty>
        : (
          <Card flush>
            <Table
              label={words.models}
              rows={models}
              rowKey={(model) => model.id}
              columns={[
                { key: 'name', title: words.name, cell: (model) => <Link to="/projects/$projectId/models/$modelId" params={{ projectId, modelId: model.id }}>{model.name}</Link> },
                { key: 'task', title: words.task, cell: (model) => <Badge>{tasks[model.taskType]}</Badge> },
                { key: 'latest', title: words.latest, right: true, cell: (model) => model.latestVersion },
                { key: 'created', title: words.created, secondary: true, cell: (model) => ago(model.createdAt) },
              ]}
            />
          </Card>
        )}
      {pages.hasNextPage && <div><Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{parts.more}</Button></div>}
    </Page>
  );
}
