import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const server = process.env.CONSOLE_SERVER_URL ?? 'http://127.0.0.1:5000'
// For scripts and development only: the page itself knows nothing but its cookie.
const token = process.env.CONSOLE_TOKEN
const headers = token ? { Authorization: `Bearer ${token}` } : undefined

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: { target: 'es2023', assetsInlineLimit: 0, manifest: true, chunkSizeWarningLimit: 800 },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, headers }, '/ws': { target: server, headers, ws: true } },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'], setupFiles: ['src/testing.ts'] },
})
