import { apiOrigin } from '../app/config';
import { ProblemError } from './problem';
import type { Session as SessionAnswer, User } from './schema';

/** What is kept in the browser between visits. All tabs share it. */
export type StoredSession = {
  accessToken: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  refreshToken: string;
  mustChangePassword: boolean;
  user: User;
};

const KEY = 'session';
const EARLY = 30_000;
const listeners = new Set<() => void>();
let current = read();

function read(): StoredSession | null {
  try {
    const text = localStorage.getItem(KEY);
    return text === null ? null : (JSON.parse(text) as StoredSession);
  } catch {
    return null;
  }
}

function keep(session: StoredSession | null): void {
  current = session;
  if (session === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(session));
  for (const listener of listeners) listener();
}

// Another tab signed in, refreshed or signed out.
window.addEventListener('storage', (event) => {
  if (event.key !== KEY && event.key !== null) return;
  current = read();
  for (const listener of listeners) listener();
});

export const session = {
  get: (): StoredSession | null => current,

  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** Takes the answer of a sign-in, a refresh or a password change. */
  begin(answer: SessionAnswer): void {
    keep({
      accessToken: answer.accessToken,
      expiresAt: Date.now() + answer.expiresIn * 1000,
      refreshToken: answer.refreshToken,
      mustChangePassword: answer.mustChangePassword,
      user: answer.user,
    });
  },

  end: (): void => keep(null),

  setUser(user: User): void {
    if (current !== null) keep({ ...current, user });
  },

  /** A token that is valid for some time yet; null when nobody is signed in. */
  async accessToken(): Promise<string | null> {
    if (current === null) return null;
    if (current.expiresAt - EARLY > Date.now()) return current.accessToken;
    return refresh(current.accessToken);
  },

  refresh,
};

/**
 * Gets a new access token in place of one that expired or was refused. Only one tab does so at a time; the others take its token, because a refresh
 * token works once.
 * @returns null when the session has ended.
 */
async function refresh(refused: string): Promise<string | null> {
  const once = async (): Promise<string | null> => {
    current = read();
    if (current === null) return null;
    if (current.accessToken !== refused) return current.accessToken;
    let response: Response;
    try {
      response = await fetch(`${apiOrigin}/api/v1/auth/refresh`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ refreshToken: current.refreshToken }),
      });
    } catch (cause) {
      throw ProblemError.unreachable(cause);
    }
    if (response.ok) {
      session.begin((await response.json()) as SessionAnswer);
      return current.accessToken;
    }
    // Only a refusal ends the session: a server that is down or busy has not said anything about it.
    if (response.status !== 401) throw await ProblemError.from(response);
    keep(null);
    return null;
  };
  return navigator.locks ? navigator.locks.request('session-refresh', once) : once();
}
