import type { ManifestLine } from './manifest';
import type { SplitName } from './splits';

export type Change = 'added' | 'removed' | 'moved' | 'replaced' | 'relabelled';
export const changes: readonly Change[] = ['added', 'removed', 'moved', 'replaced', 'relabelled'];

export type ChangedImage = { path: string; before?: { split: SplitName; label: string | null }; after?: { split: SplitName; label: string | null } };

/** What differs between two versions, with the first images of each kind. An image may be moved and relabelled at once. */
export type Difference = { counts: Record<Change, number>; unchanged: number; moves: Record<string, number>; first: Record<Change, ChangedImage[]> };

type Known = { sha256: string; split: SplitName; label: string };

/** What an image is labelled with: its class, or a short hash of its annotations. */
const labelOf = (line: ManifestLine): string => (line.annotations === undefined ? `c${line.class ?? ''}` : `a${line.annotations.length}:${hashOf(JSON.stringify(line.annotations))}`);
const shownLabel = (label: string): string | null => (label.startsWith('c') ? label.slice(1) || null : label.slice(1, label.indexOf(':')));

/**
 * Compares two versions by the paths of their images. The images of the older one are held, those of the newer one pass by.
 * @param keep Images listed of each kind of change.
 */
export async function compareVersions(older: AsyncIterable<ManifestLine[]>, newer: AsyncIterable<ManifestLine[]>, keep = 500, onProgress?: (images: number) => void): Promise<Difference> {
  const known = new Map<string, Known>();
  let read = 0;
  for await (const batch of older) {
    for (const line of batch) known.set(line.path, { sha256: line.sha256, split: line.split, label: labelOf(line) });
    onProgress?.((read += batch.length));
  }
  const counts = Object.fromEntries(changes.map((change) => [change, 0])) as Record<Change, number>;
  const first = Object.fromEntries(changes.map((change) => [change, [] as ChangedImage[]])) as Record<Change, ChangedImage[]>;
  const moves: Record<string, number> = {};
  let unchanged = 0;
  const note = (change: Change, image: ChangedImage): void => {
    counts[change]++;
    if (first[change].length < keep) first[change].push(image);
  };
  for await (const batch of newer) {
    for (const line of batch) {
      const label = labelOf(line);
      const after = { split: line.split, label: shownLabel(label) };
      const old = known.get(line.path);
      if (old === undefined) {
        note('added', { path: line.path, after });
        continue;
      }
      known.delete(line.path);
      const image: ChangedImage = { path: line.path, before: { split: old.split, label: shownLabel(old.label) }, after };
      if (old.split !== line.split) {
        note('moved', image);
        const move = `${old.split}>${line.split}`;
        moves[move] = (moves[move] ?? 0) + 1;
      }
      if (old.sha256 !== line.sha256) note('replaced', image);
      if (old.label !== label) note('relabelled', image);
      if (old.split === line.split && old.sha256 === line.sha256 && old.label === label) unchanged++;
    }
    onProgress?.((read += batch.length));
  }
  for (const [path, { split, label }] of known) note('removed', { path, before: { split, label: shownLabel(label) } });
  return { counts, unchanged, moves, first };
}

/** Two 32-bit hashes (FNV-1a and a multiplicative one) of a text: equal texts have equal ones, and different ones practically never. */
function hashOf(text: string): string {
  let a = 0x811c9dc5;
  let b = 5381;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = (Math.imul(b, 33) + code) | 0;
  }
  return `${(a >>> 0).toString(36)}.${(b >>> 0).toString(36)}`;
}

export type ClassChange = { name: string; before: number; after: number };

/** How many images each class has in both versions, the largest change first. */
export function classChanges(before: readonly { name: string; imageCount: number }[], after: readonly { name: string; imageCount: number }[]): ClassChange[] {
  const rows = new Map<string, ClassChange>();
  for (const { name, imageCount } of before) rows.set(name, { name, before: imageCount, after: 0 });
  for (const { name, imageCount } of after) rows.set(name, { name, before: rows.get(name)?.before ?? 0, after: imageCount });
  return [...rows.values()].sort((x, y) => Math.abs(y.after - y.before) - Math.abs(x.after - x.before) || x.name.localeCompare(y.name));
}
