import { Link } from '@tanstack/react-router';
import { Check, FolderKanban } from 'lucide-react';
import { useSession } from '../api/useSession';
import { ago, number } from '../app/format';
import { useWords } from '../app/words';
import { ButtonLink } from '../parts/Button';
import { Card, Page, Stack } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { JobLine, JobLines } from '../projects/JobLine';
import { ProjectCard } from '../projects/ProjectCard';
import projectStyles from '../projects/Projects.module.css';
import { projectWords } from '../projects/words';
import { useAttention } from './attention';
import styles from './Home.module.css';
import { useOwnJobs } from './useOwnJobs';
import { homeWords } from './words';

const SHOWN = 8;

/** What runs, what needs the person who is signed in, and where the person worked last. */
export function Home() {
  const words = useWords(homeWords);
  const user = useSession()?.user;
  const jobs = useOwnJobs();
  return (
    <Page title={user?.fullName ? words.hello(user.fullName) : words.home}>
      <div className={styles.columns}>
        <Running jobs={jobs} />
        <Attention jobs={jobs} />
      </div>
      <RecentProjects jobs={jobs} />
    </Page>
  );
}

type Shown = { jobs: ReturnType<typeof useOwnJobs> };

function Running({ jobs }: Shown) {
  const words = useWords(homeWords);
  return (
    <Card flush title={words.runs}>
      {jobs.isPending ? <div className={styles.inner}><Skeleton lines={4} height={40} /></div>
        : jobs.running.length > 0 ? <JobLines>{jobs.running.slice(0, SHOWN).map((job) => <JobLine key={job.id} job={job} note={words.inProject(jobs.nameOf(job))} />)}</JobLines>
        : jobs.error !== null ? <ErrorState error={jobs.error} onRetry={() => void jobs.projects.refetch()} />
        : <Empty title={words.nothingRuns}>{words.nothingRunsText}</Empty>}
      {jobs.running.length > SHOWN && <p className={styles.note}>{words.more(number(jobs.running.length - SHOWN))}</p>}
      {jobs.isPartial && <p className={styles.note}>{words.partly(number(jobs.projects.data?.items.length ?? 0))}</p>}
    </Card>
  );
}

function Attention({ jobs }: Shown) {
  const words = useWords(homeWords);
  const { items, isPending, error, retry } = useAttention(jobs);
  return (
    <Card flush title={words.needs}>
      {isPending && items.length === 0 ? <div className={styles.inner}><Skeleton lines={4} height={40} /></div>
        : items.length === 0 && error !== null ? <ErrorState error={error} onRetry={() => { retry(); void jobs.projects.refetch(); }} />
        : items.length === 0 ? <Empty icon={<Check />} title={words.nothing}>{words.nothingText}</Empty>
        : (
          <ul>
            {items.slice(0, SHOWN).map(({ key, icon, tone, title, text, action }) => (
              <li key={key} className={styles.item}>
                <span className={styles.icon} data-tone={tone} aria-hidden="true">{icon}</span>
                <span className={styles.what}><strong>{title}</strong>{text !== undefined && <small>{text}</small>}</span>
                {action}
              </li>
            ))}
          </ul>
        )}
      {items.length > SHOWN && <p className={styles.note}>{words.more(number(items.length - SHOWN))}</p>}
    </Card>
  );
}

function RecentProjects({ jobs: { projects } }: Shown) {
  const words = useWords(homeWords);
  const texts = useWords(projectWords);
  return (
    <Stack gap={3}>
      <div className={styles.heading}><h2>{words.recent}</h2><Link to="/projects">{words.all}</Link></div>
      {projects.isPending ? <div className={projectStyles.cards}><Skeleton lines={1} height={128} /><Skeleton lines={1} height={128} /><Skeleton lines={1} height={128} /></div>
        : projects.data === undefined ? <ErrorState error={projects.error} onRetry={() => void projects.refetch()} />
        : projects.data.items.length === 0 ? <Card><Empty icon={<FolderKanban />} title={texts.none} action={<ButtonLink look="primary" to="/projects">{texts.newProject}</ButtonLink>}>{texts.noneText}</Empty></Card>
        : (
          <ul className={projectStyles.cards}>
            {projects.data.items.slice(0, SHOWN).map((project) => (
              <li key={project.id}>
                <Link to="/projects/$projectId" params={{ projectId: project.id }} className={projectStyles.link} aria-label={project.name}>
                  <ProjectCard name={project.name} description={project.description} note={`${texts.changed} ${ago(project.updatedAt)}`} />
                </Link>
              </li>
            ))}
          </ul>
        )}
    </Stack>
  );
}
