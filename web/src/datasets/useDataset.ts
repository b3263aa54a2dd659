import { api } from '../api/client';
import { useMay } from '../api/permissions';
import type { Dataset } from '../api/schema';

/** The dataset of the page that is shown. */
export const useDataset = (datasetId: string, enabled = true) =>
  api.useQuery('get', '/api/v1/datasets/{id}', { params: { path: { id: datasetId } } }, { staleTime: 15_000, enabled });

/** Whether images of the task have annotations; those of a classification have a class instead. */
export const hasAnnotations = (task: Dataset['taskType']): boolean => task !== 'image_classification';

export const classNamesOf = (dataset: Pick<Dataset, 'classes'>): string[] => dataset.classes.map(({ name }) => name);

/** What the signed-in person may do with a dataset, by their role in its project or in the dataset itself. */
export function useDatasetMay(datasetId: string): (permission: string) => boolean {
  return useMay({ datasetId, projectId: useDataset(datasetId).data?.projectId });
}
