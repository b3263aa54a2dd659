import { useQuery } from '@tanstack/react-query';
import { ProblemError } from '../api/problem';
import type { HealthReport } from '../api/schema';
import { apiOrigin } from '../app/config';

/** The checks of the app. A server that does not work answers 503 with the same report, so this is no failure here. */
export const useHealth = ({ enabled = true, interval = 15_000 }: { enabled?: boolean; interval?: number } = {}) =>
  useQuery({
    queryKey: ['get', '/api/v1/health/ready'],
    enabled,
    refetchInterval: interval,
    queryFn: async ({ signal }): Promise<HealthReport> => {
      let response: Response;
      try {
        response = await fetch(`${apiOrigin}/api/v1/health/ready`, { signal, headers: { Accept: 'application/json' } });
      } catch (cause) {
        throw ProblemError.unreachable(cause);
      }
      // A proxy before the server answers 502 or 503 too, with something else.
      const report = (await response.clone().json().catch(() => null)) as Partial<HealthReport> | null;
      if (report === null || !Array.isArray(report.checks)) throw await ProblemError.from(response);
      return report as HealthReport;
    },
  });
