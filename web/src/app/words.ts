import { useSyncExternalStore } from 'react';

export type Language = 'en' | 'ko';

/** The texts of one screen in both languages. A text with values in it is a function. */
export type Words<T> = { en: T; ko: T };

type Text = string | ((...values: never[]) => string) | { [name: string]: Text };

/** The Korean texts must have the names and values of the English ones. */
export function defineWords<T extends { [name: string]: Text }>(words: { en: T; ko: Widened<T> }): Words<Widened<T>> {
  return words as unknown as Words<Widened<T>>;
}

type Widened<T> = { [K in keyof T]: T[K] extends string ? string : T[K] extends (...values: infer V) => string ? (...values: V) => string : T[K] extends object ? Widened<T[K]> : T[K] };

const listeners = new Set<() => void>();
let current: Language = document.documentElement.lang === 'ko' ? 'ko' : 'en';

export function setLanguage(language: Language): void {
  current = language;
  localStorage.setItem('language', language);
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

export const currentLanguage = (): Language => current;

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useLanguage = (): Language => useSyncExternalStore(subscribe, currentLanguage);

/** The texts in the language of the reader: `const words = useWords(projectWords)`. */
export const useWords = <T>(words: Words<T>): T => words[useLanguage()];
