import type { JobPriority } from '../api/schema';
import type { Entries } from './config';

/** What stands in the form of a new training. */
export type Draft = {
  versionId: string;
  framework: string;
  model: string;
  name: string;
  entries: Entries;
  /** Shares in percent when the images are divided anew for this job; null: as in the version. */
  shares: string[] | null;
  stratified: boolean;
  priority: JobPriority;
};

export const emptyDraft: Draft = { versionId: '', framework: '', model: '', name: '', entries: {}, shares: null, stratified: true, priority: 'normal' };

/** A draft lives as long as the tab: one for each project, and one for each job that is cloned. */
export const draftKey = (projectId: string, from: string | undefined, checkpoint: string | undefined): string => ['training-draft', projectId, from, checkpoint].filter((part) => part !== undefined).join(':');

export function readDraft(key: string): Draft | null {
  try {
    const text = sessionStorage.getItem(key);
    return text === null ? null : { ...emptyDraft, ...(JSON.parse(text) as Partial<Draft>) };
  } catch {
    return null;
  }
}

export const keepDraft = (key: string, draft: Draft): void => sessionStorage.setItem(key, JSON.stringify(draft));
export const dropDraft = (key: string): void => sessionStorage.removeItem(key);
