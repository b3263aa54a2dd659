import { useSyncExternalStore } from 'react';

const narrow = window.matchMedia('(max-width: 720px)');
const subscribe = (listener: () => void): (() => void) => {
  narrow.addEventListener('change', listener);
  return () => narrow.removeEventListener('change', listener);
};

/** Whether the window is too narrow for tables of many columns. */
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => narrow.matches);
