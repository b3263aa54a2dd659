import { Link } from '@tanstack/react-router';
import { api } from '../api/client';
import { useWords } from '../app/words';
import { StatusIndicator } from '../parts/Badge';
import { Card } from '../parts/Page';
import { hasEnded, stateTone } from './operations';
import { OperationProgressBar } from './OperationProgressBar';
import styles from './Operations.module.css';
import { operationWords } from './words';

/** Operations under way, wherever they were started; nothing when there are none. */
export function RunningOperations() {
  const words = useWords(operationWords);
  const query = api.useQuery('get', '/api/v1/operations', { params: { query: { limit: 20 } } }, { refetchInterval: (state) => (state.state.data?.items.some((one) => !hasEnded(one)) ? 3000 : 15_000) });
  const running = query.data?.items.filter((one) => !hasEnded(one)) ?? [];
  if (running.length === 0) return null;
  return (
    <Card flush title={words.running}>
      <ul className={styles.running}>
        {running.map((one) => (
          <li key={one.id}>
            <div className={styles.line}>
              <Link to="/operations/$operationId" params={{ operationId: one.id }}>{words.kinds[one.kind]}: {one.subject}</Link>
              <StatusIndicator tone={stateTone(one.state)} live>{one.cancelRequested ? words.cancelling : words.states[one.state]}</StatusIndicator>
            </div>
            <OperationProgressBar operation={one} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
