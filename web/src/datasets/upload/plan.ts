/** A file that somebody chose, with its path from where they chose. */
export interface ChosenFile {
  path: string;
  file: File;
}

/** What is uploaded of chosen files. */
export interface UploadPlan {
  images: ChosenFile[];
  archives: ChosenFile[];
  /** Paths of what is neither: it stays here. */
  leftOut: string[];
}

const contentTypes: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg', jpeg: 'image/jpeg', jpe: 'image/jpeg', png: 'image/png', gif: 'image/gif', bmp: 'image/bmp', webp: 'image/webp', tif: 'image/tiff', tiff: 'image/tiff',
};

/** Names that people give to the folder of a split. */
const splits = new Set(['train', 'training', 'val', 'valid', 'validation', 'test', 'testing']);

/** Media type by the extension, as the API does it; null for what it does not take. */
export function contentTypeOf(path: string): string | null {
  return contentTypes[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? null;
}

export const isArchive = (path: string): boolean => /\.(zip|tar|tar\.gz|tgz|tar\.zst|tzst)$/i.test(path);

/** Files that systems put beside those of people. */
const isOfSystem = (path: string): boolean => path.split('/').some(name => name === '__MACOSX' || name.startsWith('.')) || /(^|\/)(thumbs\.db|desktop\.ini)$/i.test(path);

/**
 * The folder to leave out of the paths; empty for none. Somebody who drops the one folder `plates` with `plates/cat/1.png` means the classes inside it. With
 * `cat/1.png` the folder itself is the class, and `train` is a split.
 */
export function commonRoot(paths: readonly string[]): string {
  const root = paths[0]?.split('/')[0] ?? '';
  if (root === '' || splits.has(root.toLowerCase())) return '';
  return paths.every(path => path.startsWith(`${root}/`) && path.indexOf('/', root.length + 1) > 0) ? `${root}/` : '';
}

/** Sorts chosen files by what is done with them. Paths are in Unicode's composed form, as the API stores them. */
export function planOf(files: Iterable<ChosenFile>, keepsRoot = false): UploadPlan {
  const plan: UploadPlan = { images: [], archives: [], leftOut: [] };
  for (const { path: given, file } of files) {
    const path = given.normalize('NFC').replace(/^\/+/, '');
    if (isOfSystem(path)) plan.leftOut.push(path);
    else if (contentTypeOf(path)) plan.images.push({ path, file });
    else if (isArchive(path)) plan.archives.push({ path, file });
    else plan.leftOut.push(path);
  }
  const root = keepsRoot ? '' : commonRoot(plan.images.map(image => image.path));
  if (root !== '') for (const image of plan.images) image.path = image.path.slice(root.length);
  return plan;
}

/** Tells a file from another version of it. */
export const fingerprint = (path: string, file: { size: number; lastModified: number }): string => `${path}\n${file.size}\n${file.lastModified}`;
