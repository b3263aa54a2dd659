import type { Proposal, ProposalRun } from '../../api/schema';

/** Least scores that one can choose, in percent. */
export const leastPercents = [50, 70, 80, 90, 95] as const;
export type LeastPercent = (typeof leastPercents)[number];

/** Which proposals are listed, and the image that is open; held in the URL. */
export type ProposalSearch = { class?: string | undefined; least?: LeastPercent | undefined; image?: string | undefined };

/** What a proposal says, in short: the class, or the classes of the objects with their numbers. */
export function labelOf(proposal: Pick<Proposal, 'class' | 'objects'>): string {
  if (proposal.class !== null) return proposal.class;
  const counts = new Map<string, number>();
  for (const { class: name } of proposal.objects) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
}

/** The counts of a report that say something. */
export const reported = (run: ProposalRun): ('done' | 'labeled' | 'gone' | 'nothingFound' | 'refused')[] =>
  (['done', 'labeled', 'gone', 'nothingFound', 'refused'] as const).filter((count) => count === 'done' || run[count] > 0);
