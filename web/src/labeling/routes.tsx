import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { requireSession, rootRoute } from '../app/routes';

/** Pages that take the whole screen, without the navigation of the console. */
export const labelingRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/datasets/$datasetId/annotate',
    beforeLoad: requireSession,
    /** `image` is the id of the image that is shown; `left` shows only images that nobody annotated. */
    validateSearch: (search: Record<string, unknown>): { image?: string | undefined; left?: true | undefined; class?: string | undefined } => ({
      image: typeof search.image === 'string' ? search.image : undefined,
      left: search.left === true ? true : undefined,
      class: typeof search.class === 'string' && search.class !== '' ? search.class : undefined,
    }),
    component: lazyRouteComponent(() => import('./AnnotatePage'), 'AnnotatePage'),
  }),
] as const;
