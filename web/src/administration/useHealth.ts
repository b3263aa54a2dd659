import { useQuery } from '@tanstack/react-query';
import type { HealthReport } from '../api/schema';
import { apiOrigin } from '../app/config';

/** The checks of the app. A server that does not work answers 503 with the same report, so this is no failure here. */
export const useHealth = ({ enabled = true, interval = 15_000 }: { enabled?: boolean; interval?: number } = {}) =>
  useQuery({
    queryKey: ['get', '/api/v1/health/ready'],
    enabled,
    refetchInterval: interval,
    queryFn: async ({ signal }): Promise<HealthReport> => {
      const response = await fetch(`${apiOrigin}/api/v1/health/ready`, { signal, headers: { Accept: 'application/json' } });
      return (await response.json()) as HealthReport;
    },
  });
