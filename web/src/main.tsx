import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Toaster } from 'sonner'
import { onSignedOut } from '@/api/client'
import { Failure } from '@/api/failure'
import { userQuery } from '@/api/session'
import { startTexts } from '@/i18n'
import { followTheme, usePreferences } from '@/lib/preferences'
import { router } from '@/routes'
import './styles.css'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays one; only an answer that did not come is asked for again.
      retry: (attempts, error) => attempts < 2 && !(error instanceof Failure && error.status >= 400 && error.status < 500),
    },
  },
})

followTheme()
startTexts()
onSignedOut(() => {
  if (window.location.pathname !== '/login') void queries.invalidateQueries({ queryKey: userQuery.queryKey })
})

function Console() {
  const theme = usePreferences((preferences) => preferences.theme)
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
      <Toaster position="bottom-right" theme={theme} />
    </QueryClientProvider>
  )
}

const container = document.getElementById('root')
if (container) {
  createRoot(container).render(
    <StrictMode>
      <Console />
    </StrictMode>,
  )
}
