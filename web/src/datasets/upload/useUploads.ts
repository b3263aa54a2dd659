import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { UploadApi } from './api';
import { completedInBrowser } from './completed';
import { filesOf } from './drop';
import { UploadEngine, type UploadProgress } from './engine';
import { planOf } from './plan';
import { putByRequest } from './put';

/** Uploads go on while somebody looks at another screen, so they do not belong to a component. */
const engines = new Map<string, UploadEngine>();
const listeners = new Set<() => void>();

function changeEngine(datasetId: string, engine: UploadEngine | null): void {
  if (engine) engines.set(datasetId, engine);
  else engines.delete(datasetId);
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
};

const nothing = () => () => {};

/** Ids of the datasets to which files are being uploaded. */
export const activeUploads = (): string[] => [...engines].filter(([, engine]) => ['running', 'paused', 'stopped'].includes(engine.snapshot().state)).map(([id]) => id);

/**
 * The upload to a dataset, which may have been started on another screen. `onImages` is called when more images are there than before.
 */
export function useUploads(datasetId: string, api: UploadApi, onImages?: () => void) {
  const engine = useSyncExternalStore(subscribe, () => engines.get(datasetId) ?? null);
  const progress = useSyncExternalStore<UploadProgress | null>(engine?.subscribe ?? nothing, () => engine?.snapshot() ?? null);
  const [reading, setReading] = useState<number | null>(null);
  const [unreadable, setUnreadable] = useState(false);

  const add = useCallback(async (source: DataTransfer | FileList) => {
    setReading(0);
    setUnreadable(false);
    try {
      // A drop is over after the first wait: `filesOf` takes its entries before that.
      const plan = planOf(await filesOf(source, setReading));
      let made = engines.get(datasetId);
      if (!made || ['cancelled', 'finished'].includes(made.snapshot().state)) {
        made = new UploadEngine(datasetId, api, putByRequest, completedInBrowser);
        changeEngine(datasetId, made);
      }
      await made.add(plan);
    } catch {
      setUnreadable(true);
    } finally {
      setReading(null);
    }
  }, [datasetId, api]);

  const images = (progress?.done ?? 0) + (progress?.archives.reduce((sum, archive) => sum + (archive.progress?.taken ?? 0), 0) ?? 0);
  useEffect(() => {
    if (images > 0) onImages?.();
  }, [images, onImages]);

  const isUnderWay = progress?.state === 'running';
  useEffect(() => {
    if (!isUnderWay) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isUnderWay]);

  return { progress, reading, unreadable, add, engine, close: () => changeEngine(datasetId, null) };
}
