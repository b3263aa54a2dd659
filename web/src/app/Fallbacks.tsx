import { SearchX, TriangleAlert } from 'lucide-react';
import { Button, ButtonLink } from '../parts/Button';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { ProblemError } from '../api/problem';
import { shellWords } from './shellWords';
import { useWords } from './words';

export function NotFoundPage() {
  const words = useWords(shellWords);
  return <Empty icon={<SearchX />} title={words.notFound} action={<ButtonLink to="/">{words.toHome}</ButtonLink>}>{words.notFoundText}</Empty>;
}

/** A page that threw. A page of an older build asks for a reload, because its parts are gone from the server. */
export function BrokenPage({ error, reset }: { error: unknown; reset: () => void }) {
  const words = useWords(shellWords);
  if (error instanceof ProblemError) return <ErrorState error={error} onRetry={reset} />;
  const outdated = error instanceof TypeError && /dynamically imported module|Importing a module/.test(error.message);
  return (
    <Empty icon={<TriangleAlert />} title={outdated ? words.updated : words.broken} action={<Button look="primary" onClick={() => window.location.reload()}>{words.reload}</Button>}>
      {!outdated && <><p>{words.brokenText}</p><code>{error instanceof Error ? error.message : String(error)}</code></>}
    </Empty>
  );
}

export const PendingPage = () => <div style={{ padding: 'var(--space-6)', maxWidth: 720 }}><Skeleton lines={5} height={20} /></div>;
