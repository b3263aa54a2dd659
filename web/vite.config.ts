import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = process.env.CONSOLE_API ?? 'http://127.0.0.1:7071';

export default defineConfig({
  plugins: [react()],
  build: { target: 'es2023', sourcemap: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 400 },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': api, '/thumbnails': api } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
});
