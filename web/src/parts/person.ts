import { useSession } from '../api/useSession';

const colors = ['#b91c1c', '#c2410c', '#a16207', '#4d7c0f', '#15803d', '#047857', '#0f766e', '#0e7490', '#0369a1', '#1d4ed8', '#6d28d9', '#a21caf', '#be185d'];
const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const first = (word: string): string => [...letters.segment(word)][0]?.segment ?? '';

/** First letters of the first and the last word of the name, or the first letter of the e-mail address. */
export function initialsOf(fullName: string | null, email: string): string {
  const names = (fullName ?? '').split(/\s+/).filter(Boolean);
  const chosen = names.length === 0 ? [email] : names.length === 1 ? names : [names[0], names[names.length - 1]];
  return chosen.map((name) => first(name ?? '')).join('').toUpperCase();
}

/** What an avatar needs, for people of whom the API gives id, name and address only. The color is the one that the server derives from the id. */
export const asPerson = (person: { id: string; email: string; fullName: string | null }) => ({
  email: person.email,
  fullName: person.fullName,
  initials: initialsOf(person.fullName, person.email),
  badgeColor: colors[Number.parseInt(person.id.slice(-2), 16) % colors.length] ?? colors[0]!,
});

/** The same for anybody in a list; the signed-in person has the color that was chosen. */
export function useAsPerson(): (person: { id: string; email: string; fullName: string | null }) => ReturnType<typeof asPerson> {
  const own = useSession()?.user;
  return (person) => (person.id === own?.id ? { ...asPerson(person), badgeColor: own.badgeColor } : asPerson(person));
}
