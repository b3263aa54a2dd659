import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { client } from '../api/client';
import { asProblem } from '../api/problem';
import type { Annotation } from '../api/schema';

type Loaded = { imageId: string; etag: string | null; annotated: boolean };

/**
 * The annotations of an image while a person changes them: what was loaded with its `ETag`, the changes with undo and redo, and saving, which fails with
 * a conflict when somebody else saved in between.
 */
export function useAnnotations(datasetId: string, imageId: string) {
  const queries = useQueryClient();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [steps, setSteps] = useState<{ all: readonly (readonly Annotation[])[]; at: number; saved: number }>({ all: [[]], at: 0, saved: 0 });
  const [error, setError] = useState<unknown>(null);
  const [saving, setSaving] = useState(false);
  const [conflict, setConflict] = useState(false);
  const shown = useRef(imageId);
  shown.current = imageId;
  const path = { id: datasetId, imageId };

  const load = useCallback(async (): Promise<void> => {
    setError(null);
    setConflict(false);
    try {
      const { data, response } = await client.GET('/api/v1/datasets/{id}/images/{imageId}/annotations', { params: { path: { id: datasetId, imageId } } });
      if (shown.current !== imageId || data === undefined) return;
      setSteps({ all: [data.annotations], at: 0, saved: 0 });
      setLoaded({ imageId, etag: response.headers.get('ETag'), annotated: data.annotated });
    } catch (failure) {
      if (shown.current === imageId) setError(failure);
    }
  }, [datasetId, imageId]);
  useEffect(() => { void load(); }, [load]);

  const isLoaded = loaded?.imageId === imageId;
  const annotations = isLoaded ? steps.all[steps.at]! : [];
  const dirty = isLoaded && steps.at !== steps.saved;
  const change = (next: readonly Annotation[]): void =>
    setSteps((old) => ({ all: [...old.all.slice(0, old.at + 1), next], at: old.at + 1, saved: old.saved > old.at ? -1 : old.saved }));

  /** @returns whether the annotations are saved. */
  const save = async (next: readonly Annotation[] = annotations, overwrite = false): Promise<boolean> => {
    if (!isLoaded || saving) return false;
    setSaving(true);
    setError(null);
    try {
      const { response } = await client.PUT('/api/v1/datasets/{id}/images/{imageId}/annotations', {
        params: { path, header: overwrite || loaded.etag === null ? {} : { 'If-Match': loaded.etag } },
        body: { annotations: next.map((annotation) => ({ ...annotation })) },
      });
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}/images/{imageId}/annotations'] });
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/datasets/{id}'] });
      if (shown.current !== imageId) return true;
      setConflict(false);
      setLoaded({ imageId, etag: response.headers.get('ETag'), annotated: true });
      setSteps((old) => (old.all[old.at] === next ? { ...old, saved: old.at } : { all: [...old.all.slice(0, old.at + 1), next], at: old.at + 1, saved: old.at + 1 }));
      return true;
    } catch (failure) {
      if (shown.current === imageId) {
        if (asProblem(failure).status === 412) setConflict(true);
        else setError(failure);
      }
      return false;
    } finally {
      setSaving(false);
    }
  };
  return {
    annotations, annotated: isLoaded && loaded.annotated, isLoaded, dirty, saving, error, conflict, change, save, reload: load,
    undo: steps.at > 0 ? () => setSteps({ ...steps, at: steps.at - 1 }) : null,
    redo: steps.at < steps.all.length - 1 ? () => setSteps({ ...steps, at: steps.at + 1 }) : null,
    closeConflict: () => setConflict(false),
  };
}
