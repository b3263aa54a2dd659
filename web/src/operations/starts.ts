/** What an operator chooses before something that can remove data starts, and what has to be typed for it. */
export type Mode = 'empty' | 'replace' | 'swap';

/** The name to type; undefined when nothing can be lost. */
export const typedForDatabase = ({ target, mode, dryRun }: { target: string; mode: Mode; dryRun: boolean }): string | undefined => (!dryRun && mode !== 'empty' && target !== '' ? target : undefined);

/** The same for a bucket, which has to be confirmed also if the app uses it. */
export const typedForBucket = ({ target, removes, dryRun, inUse }: { target: string; removes: boolean; dryRun: boolean; inUse: readonly string[] }): string | undefined =>
  !dryRun && target !== '' && (removes || inUse.includes(target)) ? target : undefined;

/** Databases that an operation may fill: none that the app works with. */
export const freeDatabases = ({ databases, inUse }: { databases: readonly string[]; inUse: readonly string[] }): string[] => databases.filter((name) => !inUse.includes(name));
