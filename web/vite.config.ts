import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = process.env.CONSOLE_API ?? 'http://127.0.0.1:7071';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023', sourcemap: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 600,
    // Each file costs a slow machine more than its few hundred bytes: what many pages share is a few files, not sixty.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'icons', test: /node_modules\/lucide-react\//, priority: 2 },
            { name: 'shared', test: /\/(node_modules\/(?!@tanstack\/(react-virtual|virtual-core)|uplot)|src\/(api|app|parts|projects)\/(?!charts|viewer|virtual))/, minShareCount: 8, priority: 1 },
          ],
        },
      },
    },
  },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': api, '/thumbnails': api } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
});
