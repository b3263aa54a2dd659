import { useParams } from '@tanstack/react-router';
import { dateTime } from '../app/format';
import { useWords } from '../app/words';
import { Card, Facts, Page } from '../parts/Page';
import { Skeleton } from '../parts/States';
import { useProject } from './ProjectFrame';
import { projectWords } from './words';

export function ProjectOverview() {
  const words = useWords(projectWords);
  const { projectId } = useParams({ from: '/members/projects/$projectId' });
  const project = useProject(projectId);
  return (
    <Page title={words.overview}>
      <Card title={words.project}>
        {project.data === undefined ? <Skeleton /> : <Facts items={[[words.name, project.data.name], [words.description, project.data.description ?? '–'], [words.changed, dateTime(project.data.updatedAt)]]} />}
      </Card>
    </Page>
  );
}
