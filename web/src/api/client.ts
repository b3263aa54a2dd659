import createClient, { type Middleware } from 'openapi-fetch';
import createQueries from 'openapi-react-query';
import { apiOrigin } from '../app/config';
import { ProblemError } from './problem';
import type { paths } from './schema';
import { session } from './session';

/** Sends a request with the session's token, and once more with a new one when that was refused. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const send = async (token: string | null): Promise<Response> => {
    const copy = request.clone();
    if (token !== null) copy.headers.set('Authorization', `Bearer ${token}`);
    try {
      return await fetch(copy);
    } catch (cause) {
      if (request.signal.aborted) throw cause;
      throw ProblemError.unreachable(cause);
    }
  };
  const token = await session.accessToken();
  const response = await send(token);
  if (response.status !== 401 || token === null) return response;
  const fresh = await session.refresh(token);
  return fresh === null ? response : send(fresh);
}

const failures: Middleware = {
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await ProblemError.from(response);
    return undefined;
  },
};

/** Typed calls: `await client.GET('/api/v1/projects', {params: {query: {limit: 20}}})`. An answer that is no success throws {@link ProblemError}. */
export const client = createClient<paths>({ baseUrl: apiOrigin || window.location.origin, fetch: authorizedFetch });
client.use(failures);

/** The same as TanStack queries: `api.useQuery('get', '/api/v1/projects', {…})`, `api.queryOptions`, `api.useMutation`, `api.useInfiniteQuery`. */
export const api = createQueries(client);
