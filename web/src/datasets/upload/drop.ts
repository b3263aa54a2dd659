import type { ChosenFile } from './plan';

/** The files of a drop or of a file field, folders with all that is in them. `onFound` is told how many there are so far. */
export async function filesOf(source: DataTransfer | FileList, onFound: (count: number) => void = () => {}): Promise<ChosenFile[]> {
  const found: ChosenFile[] = [];
  if (source instanceof FileList) {
    for (const file of source) found.push({ path: file.webkitRelativePath || file.name, file });
    onFound(found.length);
    return found;
  }
  // The entries must be taken before the first wait: the drop is over then.
  const entries = [...source.items].map(item => (item.kind === 'file' ? item.webkitGetAsEntry() : null)).filter(entry => entry !== null);
  if (entries.length === 0) return filesOf(source.files, onFound);
  const waiting: FileSystemEntry[] = entries.reverse();
  while (waiting.length > 0) {
    const entry = waiting.pop()!;
    if (entry.isFile) {
      found.push({ path: entry.fullPath.replace(/^\//, ''), file: await fileOf(entry as FileSystemFileEntry) });
      if (found.length % 500 === 0) onFound(found.length);
    } else if (entry.isDirectory) waiting.push(...(await entriesOf(entry as FileSystemDirectoryEntry)).reverse());
  }
  onFound(found.length);
  return found;
}

const fileOf = (entry: FileSystemFileEntry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject));

/** All entries of a folder. A reader gives at most a hundred at a time, and none at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
