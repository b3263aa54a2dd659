import { useNavigate } from '@tanstack/react-router';
import type { Operation } from '../api/schema';
import { useWords } from '../app/words';
import { notify } from '../parts/Toast';
import { useInvalidate } from '../parts/useInvalidate';
import { operationWords } from './words';

/** Goes to the page of an operation that was started. */
export function useStarted(): (operation: Operation) => Promise<void> {
  const words = useWords(operationWords);
  const invalidate = useInvalidate();
  const navigate = useNavigate();
  return async (operation) => {
    await navigate({ to: '/operations/$operationId', params: { operationId: operation.id } });
    notify(words.begun(words.kinds[operation.kind]));
    await invalidate('/api/v1/operations');
  };
}
