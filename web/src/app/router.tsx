import type { QueryClient } from '@tanstack/react-query';
import { createRouter } from '@tanstack/react-router';
import { accountRoutes } from '../accounts/routes';
import { administrationRoutes } from '../administration/routes';
import { datasetRoutes } from '../datasets/routes';
import { deploymentRoutes } from '../deployments/routes';
import { exportRoutes } from '../exports/routes';
import { galleryRoutes } from '../gallery/routes';
import { homeRoutes } from '../home/routes';
import { invitationRoutes } from '../invitations/routes';
import { modelRoutes } from '../models/routes';
import { operationRoutes } from '../operations/routes';
import { organizationRoutes } from '../organizations/routes';
import { inProjectRoutes, projectRoute, projectRoutes } from '../projects/routes';
import { trainingRoutes } from '../training/routes';
import { BrokenPage, NotFoundPage, PendingPage } from './Fallbacks';
import { memberRoute, rootRoute } from './routes';

const tree = rootRoute.addChildren([
  ...accountRoutes.open,
  ...invitationRoutes.open,
  ...galleryRoutes,
  memberRoute.addChildren([
    ...homeRoutes,
    ...projectRoutes,
    projectRoute.addChildren([
      ...inProjectRoutes,
      ...datasetRoutes.project,
      ...trainingRoutes.project,
      ...modelRoutes.project,
      ...exportRoutes.project,
      ...deploymentRoutes.project,
    ]),
    ...datasetRoutes.members,
    ...organizationRoutes.members,
    ...invitationRoutes.members,
    ...operationRoutes.members,
    ...administrationRoutes.members,
    ...accountRoutes.members,
  ]),
]);

export const createAppRouter = (queries: QueryClient) =>
  createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultPendingComponent: PendingPage,
    defaultErrorComponent: BrokenPage,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
