import { useSyncExternalStore } from 'react';
import { session, type StoredSession } from './session';

/** The session of this browser; null when nobody is signed in. Follows sign-ins and sign-outs in other tabs. */
export const useSession = (): StoredSession | null => useSyncExternalStore(session.subscribe, session.get);
