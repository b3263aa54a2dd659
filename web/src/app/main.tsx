import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { asProblem } from '../api/problem';
import { Toasts, notifyProblem } from '../parts/Toast';
import { TooltipProvider } from '../parts/Tooltip';
import './tokens.css';
import './global.css';
import { createAppRouter } from './router';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // Only what may pass by itself is asked again.
      retry: (failures, error) => failures < 3 && asProblem(error).isTransient,
      retryDelay: (failures, error) => Math.max(1000 * 2 ** failures, (asProblem(error).retryAfter ?? 0) * 1000),
    },
    mutations: { onError: (error) => notifyProblem(error) },
  },
});
const router = createAppRouter(queries);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <TooltipProvider>
        <RouterProvider router={router} />
        <Toasts />
      </TooltipProvider>
    </QueryClientProvider>
  </StrictMode>,
);
