import { api } from '../api/client';
import type { Dataset } from '../api/schema';

/** The dataset of the page that is shown. */
export const useDataset = (datasetId: string, enabled = true) =>
  api.useQuery('get', '/api/v1/datasets/{id}', { params: { path: { id: datasetId } } }, { staleTime: 15_000, enabled });

/** Whether images of the task have annotations; those of a classification have a class instead. */
export const hasAnnotations = (task: Dataset['taskType']): boolean => task !== 'image_classification';

export const classNamesOf = (dataset: Pick<Dataset, 'classes'>): string[] => dataset.classes.map(({ name }) => name);
