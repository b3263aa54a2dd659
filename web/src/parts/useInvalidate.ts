import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import type { paths } from '../api/schema';

/** `invalidate('/api/v1/projects')` reads what is shown of these paths again. */
export function useInvalidate(): (...changed: (keyof paths)[]) => Promise<void> {
  const queries = useQueryClient();
  return useCallback(async (...changed) => {
    await Promise.all(changed.map((path) => queries.invalidateQueries({ queryKey: ['get', path] })));
  }, [queries]);
}
