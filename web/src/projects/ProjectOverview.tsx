import { Link, useParams, type LinkProps } from '@tanstack/react-router';
import { Box, Play } from 'lucide-react';
import { api } from '../api/client';
import { useMay, usePermissions } from '../api/permissions';
import type { Model } from '../api/schema';
import { ago, dateTime, metric } from '../app/format';
import { useWords } from '../app/words';
import { Badge } from '../parts/Badge';
import { ButtonLink } from '../parts/Button';
import { Card, Facts, Page, Stack } from '../parts/Page';
import { useAsPerson } from '../parts/person';
import { roleWords } from '../parts/roleWords';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { UserAvatarCard } from '../parts/UserAvatarCard';
import { JobLine, JobLines } from './JobLine';
import styles from './Overview.module.css';
import { useProject } from './ProjectFrame';
import { countText, useContents } from './useContents';
import { projectWords } from './words';

export function ProjectOverview() {
  const words = useWords(projectWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const project = useProject(projectId);
  const may = useMay({ projectId });
  const contents = useContents(projectId);
  const params = { projectId };
  return (
    <Page title={words.overview} actions={may('training:run') && <ButtonLink look="primary" icon={<Play />} to="/projects/$projectId/jobs/new" params={params}>{words.newJob}</ButtonLink>}>
      <p className={styles.description}>{project.data === undefined ? ' ' : (project.data.description ?? words.noDescription)}</p>
      <nav className={styles.tiles} aria-label={words.parts}>
        <Tile name={words.datasets} count={countText(contents.datasets.data)} to="/projects/$projectId/datasets" params={params} />
        <Tile name={words.jobs} count={countText(contents.jobs.data)} to="/projects/$projectId/jobs" params={params} />
        <Tile name={words.models} count={countText(contents.models.data)} to="/projects/$projectId/models" params={params} />
        <Tile name={words.deployments} count={countText(contents.deployments.data)} to="/projects/$projectId/deployments" params={params} />
      </nav>
      <div className={styles.columns}>
        <Stack>
          <Running contents={contents} projectId={projectId} />
          <NewestModels contents={contents} projectId={projectId} />
        </Stack>
        <Stack>
          <ProjectFacts projectId={projectId} />
          <People projectId={projectId} />
        </Stack>
      </div>
    </Page>
  );
}

const Tile = ({ name, count, ...link }: { name: string; count: string | null } & LinkProps) => (
  <Link className={styles.tile} {...link}><span className={styles.count}>{count ?? '\u00a0'}</span><span>{name}</span></Link>
);

type Shown = { contents: ReturnType<typeof useContents>; projectId: string };

function Running({ contents: { jobs, running }, projectId }: Shown) {
  const words = useWords(projectWords);
  return (
    <Card flush title={words.runs} actions={<Link to="/projects/$projectId/jobs" params={{ projectId }}>{words.allJobs}</Link>}>
      {jobs.isPending ? <div className={styles.inner}><Skeleton lines={3} height={32} /></div>
        : running === undefined ? <ErrorState error={jobs.error} onRetry={() => void jobs.refetch()} />
        : running.length > 0 ? <JobLines>{running.map((job) => <JobLine key={job.id} job={job} />)}</JobLines>
        : <Empty title={words.nothingRuns}>{words.nothingRunsText}</Empty>}
    </Card>
  );
}

function NewestModels({ contents: { models }, projectId }: Shown) {
  const words = useWords(projectWords);
  return (
    <Card flush title={words.newestModels} actions={<Link to="/projects/$projectId/models" params={{ projectId }}>{words.allModels}</Link>}>
      {models.isPending ? <div className={styles.inner}><Skeleton lines={3} height={32} /></div>
        : models.data === undefined ? <ErrorState error={models.error} onRetry={() => void models.refetch()} />
        : models.data.items.length > 0 ? <ul>{models.data.items.slice(0, 5).map((model) => <ModelLine key={model.id} model={model} />)}</ul>
        : <Empty icon={<Box />} title={words.noModels}>{words.noModelsText}</Empty>}
    </Card>
  );
}

function ModelLine({ model }: { model: Model }) {
  const words = useWords(projectWords);
  const newest = api.useQuery('get', '/api/v1/models/{id}/versions', { params: { path: { id: model.id }, query: { limit: 1 } } }, { staleTime: 60_000 }).data?.items[0];
  return (
    <li className={styles.model}>
      <Link to="/projects/$projectId/models/$modelId" params={{ projectId: model.projectId, modelId: model.id }}>{model.name}</Link>
      <span className={styles.figure}>{newest === undefined ? '\u00a0' : `${newest.primaryMetric} ${metric(newest.metrics[newest.primaryMetric])}`}</span>
      <small>{words.version(model.latestVersion)}{newest !== undefined && ` · ${newest.architecture} · ${ago(newest.createdAt)}`}</small>
    </li>
  );
}

function ProjectFacts({ projectId }: { projectId: string }) {
  const words = useWords(projectWords);
  const roles = useWords(roleWords);
  const project = useProject(projectId).data;
  const own = usePermissions({ projectId }).data;
  return (
    <Card title={words.facts}>
      {project === undefined ? <Skeleton lines={4} /> : (
        <Facts items={[
          [words.yourRole, own === undefined ? '…' : <Badge tone="accent">{own.projectRole === null ? words.asAdministrator : roles.project[own.projectRole]}</Badge>],
          [words.createdAt, dateTime(project.createdAt)],
          [words.changed, dateTime(project.updatedAt)],
        ]} />
      )}
    </Card>
  );
}

function People({ projectId }: { projectId: string }) {
  const words = useWords(projectWords);
  const asPerson = useAsPerson();
  const roles = useWords(roleWords);
  const members = api.useQuery('get', '/api/v1/projects/{id}/members', { params: { path: { id: projectId }, query: { limit: 6 } } });
  return (
    <Card title={words.members} actions={<Link to="/projects/$projectId/members" params={{ projectId }}>{words.allMembers}</Link>}>
      {members.isPending ? <Skeleton lines={3} height={28} />
        : members.data === undefined ? <ErrorState error={members.error} onRetry={() => void members.refetch()} />
        : (
          <ul className={styles.people}>
            {members.data.items.map((member) => (
              <li key={member.userId}><UserAvatarCard person={asPerson({ ...member, id: member.userId })} /><small>{roles.project[member.role]}</small></li>
            ))}
          </ul>
        )}
    </Card>
  );
}
