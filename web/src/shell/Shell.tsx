import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { client, unwrap } from '@/api/client'
import { Failure } from '@/api/failure'
import { useUser } from '@/api/session'
import { ErrorState, Skeleton } from '@/components/ui/states'
import { feed, useConnection } from '@/live/connection'
import { Header } from './Header'
import { useKeys } from './keys'
import { Sidebar } from './Sidebar'

const CommandPalette = lazy(() => import('./CommandPalette'))
const KeyHelp = lazy(() => import('./KeyHelp'))

/** How many alerts wait for somebody; every new one is told. */
function useOpenAlerts(isSignedIn: boolean): number {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const open = useQuery({
    queryKey: ['alerts', 'open'],
    queryFn: () => unwrap(client.GET('/api/alerts', { params: { query: { status: 'active', pageSize: 1 } } })),
    enabled: isSignedIn,
    refetchInterval: 60_000,
  })
  useEffect(() => {
    if (!isSignedIn) return
    return feed.subscribe('alerts', {
      events: (events) => {
        void queries.invalidateQueries({ queryKey: ['alerts'] })
        for (const { type, data } of events) {
          if (type === 'alert_triggered' && data.level === 'critical' && data.count === 1) {
            toast.error(t('shell.newAlert', { name: String(data.code) }), { duration: Number.POSITIVE_INFINITY, closeButton: true })
          }
        }
      },
    })
  }, [isSignedIn, queries, t])
  return open.data?.total ?? 0
}

/** What stands around every page; whoever is not signed in is led to do so. */
export function Shell() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const user = useUser()
  const connection = useConnection()
  const [panel, setPanel] = useState<'palette' | 'keys' | null>(null)
  const showPalette = useCallback(() => setPanel('palette'), [])
  const showKeys = useCallback(() => setPanel('keys'), [])
  const close = useCallback(() => setPanel(null), [])
  useKeys({ onPalette: showPalette, onHelp: showKeys })
  const isSignedIn = user.data !== undefined
  const openAlerts = useOpenAlerts(isSignedIn)

  const isStranger = (user.error instanceof Failure && user.error.status === 401) || connection === 'ended'
  useEffect(() => {
    if (isStranger) void navigate({ to: '/login', search: { back: window.location.pathname + window.location.search } as never })
  }, [isStranger, navigate])

  useEffect(() => {
    if (!isSignedIn) return
    feed.start()
    const followVisibility = () => feed.setIdle(document.hidden)
    followVisibility()
    document.addEventListener('visibilitychange', followVisibility)
    return () => {
      document.removeEventListener('visibilitychange', followVisibility)
      feed.stop()
    }
  }, [isSignedIn])

  if (user.isPending || isStranger) return <Skeleton rows={6} />
  if (user.isError) return <ErrorState error={user.error} onRetry={() => void user.refetch()} />
  return (
    <div className="flex h-full">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-surface focus:p-2">
        {t('nav.skip')}
      </a>
      <Sidebar openAlerts={openAlerts} />
      <div className="flex min-w-0 flex-1 flex-col">
        <Header onSearch={showPalette} onKeys={showKeys} />
        <Outlet />
      </div>
      <Suspense fallback={null}>
        {panel === 'palette' ? <CommandPalette onClose={close} /> : null}
        {panel === 'keys' ? <KeyHelp onClose={close} /> : null}
      </Suspense>
    </div>
  )
}
