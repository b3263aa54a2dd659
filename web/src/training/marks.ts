import type { TrainingJob } from '../api/schema';

export const MOST_TAGS = 20;
export const LONGEST_TAG = 50;

/** The tags with one more; null when it cannot be added: it is empty, there already, too long, or one too many. */
export function withTag(tags: readonly string[], text: string): string[] | null {
  const tag = text.trim();
  const known = tags.some((other) => other.toLowerCase() === tag.toLowerCase());
  return tag === '' || tag.length > LONGEST_TAG || known || tags.length >= MOST_TAGS ? null : [...tags, tag];
}

/** All tags of jobs, the most used first. */
export function tagsOf(jobs: readonly Pick<TrainingJob, 'tags'>[]): string[] {
  const counts = new Map<string, number>();
  for (const { tags } of jobs) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([tag]) => tag);
}
