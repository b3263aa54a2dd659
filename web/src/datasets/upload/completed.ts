/** Remembers which files have become images, so that a folder that is dropped again goes on where it stopped. */
export interface CompletedFiles {
  /** Fingerprints of a dataset. */
  load: (datasetId: string) => Promise<ReadonlySet<string>>;
  add: (datasetId: string, fingerprints: readonly string[]) => Promise<void>;
  /** The upload ended well. What is dropped later is new: an image may have been removed meanwhile. */
  forget: (datasetId: string) => Promise<void>;
}

const day = 24 * 3600_000;

/** In the browser's database, for a day. Without one (private windows of some browsers) nothing is remembered. */
export const completedInBrowser: CompletedFiles = {
  load: datasetId => use(new Set<string>(), 'readonly', (store, done) => {
    const found = new Set<string>();
    const request = store.openCursor(IDBKeyRange.bound([datasetId, ''], [datasetId, '\uffff']));
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return done(found);
      if ((cursor.value as number) > Date.now() - day) found.add((cursor.key as [string, string])[1]);
      cursor.continue();
    };
  }),
  add: (datasetId, fingerprints) => use(undefined, 'readwrite', (store, done) => {
    for (const fingerprint of fingerprints) store.put(Date.now(), [datasetId, fingerprint]);
    store.transaction.oncomplete = () => done(undefined);
  }),
  forget: datasetId => use(undefined, 'readwrite', (store, done) => {
    store.delete(IDBKeyRange.bound([datasetId, ''], [datasetId, '\uffff']));
    store.transaction.oncomplete = () => done(undefined);
  }),
};

async function use<T>(otherwise: T, mode: IDBTransactionMode, work: (store: IDBObjectStore, done: (value: T) => void) => void): Promise<T> {
  try {
    const database = await open();
    try {
      return await new Promise<T>((resolve, reject) => {
        const transaction = database.transaction('completed', mode);
        transaction.onabort = transaction.onerror = () => reject(transaction.error);
        work(transaction.objectStore('completed'), resolve);
      });
    } finally {
      database.close();
    }
  } catch {
    return otherwise;
  }
}

const open = () => new Promise<IDBDatabase>((resolve, reject) => {
  const request = indexedDB.open('uploads', 1);
  request.onupgradeneeded = () => request.result.createObjectStore('completed');
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
