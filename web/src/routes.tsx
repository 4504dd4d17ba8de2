import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Empty, ErrorState } from '@/components/ui/states'
import { parseSearch, stringifySearch, type Search } from '@/lib/filters'
import { Shell } from '@/shell/Shell'

function Missing() {
  const { t } = useTranslation()
  return (
    <main className="flex-1" id="content">
      <Empty title={t('state.missing')} action={<Button asChild><a href="/">{t('nav.overview')}</a></Button>}>
        {t('state.missingHint')}
      </Empty>
    </main>
  )
}

function Crashed({ error }: { error: unknown }) {
  const router = useRouter()
  return (
    <main className="flex-1" id="content">
      <ErrorState error={error} onRetry={() => void router.invalidate()} />
    </main>
  )
}

const root = createRootRoute({ component: Outlet, notFoundComponent: Missing, validateSearch: (search): Search => search as Search })
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })
const page = (path: string, component: ReturnType<typeof lazyRouteComponent>) => createRoute({ getParentRoute: () => shell, path, component })

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/login', component: lazyRouteComponent(() => import('@/pages/login/LoginPage'), 'LoginPage') }),
  shell.addChildren([
    page('/', lazyRouteComponent(() => import('@/pages/overview/OverviewPage'), 'OverviewPage')),
    page('/monitor/business', lazyRouteComponent(() => import('@/pages/business/BusinessPage'), 'BusinessPage')),
    page('/monitor/ai', lazyRouteComponent(() => import('@/pages/ai/AiPage'), 'AiPage')),
    page('/monitor/flows', lazyRouteComponent(() => import('@/pages/flows/FlowsPage'), 'FlowsPage')),
    page('/actors', lazyRouteComponent(() => import('@/pages/actors/ActorsPage'), 'ActorsPage')),
    page('/alerts', lazyRouteComponent(() => import('@/pages/alerts/AlertsPage'), 'AlertsPage')),
    page('/robots', lazyRouteComponent(() => import('@/pages/robots/RobotsPage'), 'RobotsPage')),
    page('/codes', lazyRouteComponent(() => import('@/pages/codes/CodesPage'), 'CodesPage')),
    page('/queue', lazyRouteComponent(() => import('@/pages/queue/QueuePage'), 'QueuePage')),
    page('/callbacks', lazyRouteComponent(() => import('@/pages/callbacks/CallbacksPage'), 'CallbacksPage')),
    page('/audit', lazyRouteComponent(() => import('@/pages/audit/AuditPage'), 'AuditPage')),
  ]),
])

export const router = createRouter({
  routeTree: tree,
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultErrorComponent: Crashed,
  defaultNotFoundComponent: Missing,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
