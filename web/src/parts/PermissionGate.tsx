import type { ReactNode } from 'react';
import { useMay } from '../api/permissions';

/** Shows its content to people who hold a permission, and `otherwise` (nothing by default) to everybody else. */
export function PermissionGate({ permission, projectId, datasetId, otherwise = null, children }: {
  permission: string;
  projectId?: string;
  datasetId?: string;
  otherwise?: ReactNode;
  children: ReactNode;
}) {
  return useMay({ projectId, datasetId })(permission) ? children : otherwise;
}
