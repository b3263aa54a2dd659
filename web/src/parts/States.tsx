import { ShieldAlert, SearchX, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { asProblem } from '../api/problem';
import { useWords } from '../app/words';
import { Button } from './Button';
import { CopyText } from './CopyText';
import styles from './States.module.css';
import { partWords } from './words';

/** Nothing is here yet: what this place is for, and the action that fills it. */
export function Empty({ icon, title, children, action }: { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.state}>
      {icon !== undefined && <div className={styles.icon} aria-hidden="true">{icon}</div>}
      <h3>{title}</h3>
      {children !== undefined && <div className={styles.text}>{children}</div>}
      {action}
    </div>
  );
}

/** What went wrong, what to do, and the trace id for whoever is asked for help. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const words = useWords(partWords);
  const problem = asProblem(error);
  const [icon, title, text] =
    problem.status === 403 ? [<ShieldAlert key="i" />, words.forbidden, words.forbiddenWhy(problem.problem?.permission ?? '…')]
    : problem.status === 404 ? [<SearchX key="i" />, words.notFound, words.notFoundWhy]
    : problem.status === 0 && problem.code === 'UNREACHABLE' ? [<TriangleAlert key="i" />, words.failed, words.offline]
    : [<TriangleAlert key="i" />, words.failed, problem.message];
  return (
    <div className={styles.state} role="alert">
      <div className={styles.icon} aria-hidden="true">{icon}</div>
      <h3>{title}</h3>
      <p className={styles.text}>{text}</p>
      {problem.status !== 403 && problem.status !== 404 && problem.problem?.suggestedAction !== undefined && <p className={styles.text}>{problem.problem.suggestedAction}</p>}
      {onRetry !== undefined && problem.status !== 403 && <Button onClick={onRetry}>{words.retry}</Button>}
      {problem.problem?.traceId !== undefined && <p className={styles.trace}>{words.trace} <CopyText text={problem.problem.traceId} /></p>}
    </div>
  );
}

/** A problem beside a form or an action that failed. */
export function ProblemNote({ error }: { error: unknown }) {
  if (error === null || error === undefined) return null;
  const problem = asProblem(error);
  return (
    <div className={styles.note} role="alert">
      <TriangleAlert aria-hidden="true" />
      <div>
        <p>{problem.message}</p>
        {problem.problem?.suggestedAction !== undefined && <p className={styles.action}>{problem.problem.suggestedAction}</p>}
      </div>
    </div>
  );
}

/** Grey places where text will be, of the size that it will have. */
export function Skeleton({ lines = 3, height = 16 }: { lines?: number; height?: number }) {
  const words = useWords(partWords);
  return (
    <div className={styles.skeleton} role="status" aria-label={words.loading}>
      {Array.from({ length: lines }, (_, line) => <span key={line} style={{ height, width: line === lines - 1 && lines > 1 ? '60%' : '100%' }} />)}
    </div>
  );
}
