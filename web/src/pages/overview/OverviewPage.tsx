import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BellRing, CheckCheck, Inbox, PowerOff, Webhook, type LucideIcon } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import { useMay } from '@/api/session'
import { useRobotName, useRobots } from '@/components/RobotSelect'
import { FeedBadge } from '@/components/status'
import { Button } from '@/components/ui/button'
import { Card, StatStrip, StatTile } from '@/components/ui/card'
import { Page } from '@/components/ui/page'
import { Sparkline } from '@/components/ui/sparkline'
import { Empty, ErrorState, Skeleton } from '@/components/ui/states'
import { clockTime, count, duration, percent } from '@/lib/format'
import { feed } from '@/live/connection'
import { useRates } from '@/live/rate'
import { aiStatsQuery } from '../ai/Stats'

const LATEST = 8

function useHealth() {
  const maySeeStats = useMay('stats')
  const robots = useRobots()
  const alerts = useQuery({
    queryKey: ['alerts', 'open'],
    queryFn: () => unwrap(client.GET('/api/alerts', { params: { query: { status: 'active', pageSize: 1 } } })),
  })
  const queue = useQuery({
    queryKey: ['queue', 'overview'],
    queryFn: () => unwrap(client.GET('/api/offline-queue', { params: { query: { pageSize: 200 } } })),
    refetchInterval: 10_000,
  })
  const paused = useQuery({
    queryKey: ['callbacks', 'paused'],
    queryFn: () => unwrap(client.GET('/api/callbacks/endpoints', { params: { query: { paused: true, pageSize: 1 } } })),
    refetchInterval: 10_000,
  })
  const ai = useQuery({ ...aiStatsQuery('1h'), enabled: maySeeStats })
  return { robots, alerts, queue, paused, ai }
}

export function OverviewPage() {
  const { t } = useTranslation()
  const { robots, alerts, queue, paused, ai } = useHealth()
  const { rates, stat, hear } = useRates()
  useEffect(() => feed.subscribe('panel1', { stat: hear }), [hear])
  if (robots.isPending) return <Page title={t('nav.overview')}><Skeleton /></Page>
  if (robots.isError) return <Page title={t('nav.overview')}><ErrorState error={robots.error} onRetry={() => void robots.refetch()} /></Page>

  const list = robots.data.list
  const online = list.filter((robot) => robot.status !== 'offline').length
  const offline = list.filter((robot) => robot.enabled && robot.status === 'offline').length
  const openAlerts = alerts.data?.total ?? 0
  const queued = queue.data?.list.reduce((sum, row) => sum + row.depth, 0) ?? 0
  const stats = ai.data
  return (
    <Page title={t('nav.overview')}>
      <section aria-label={t('overview.health')}>
        <StatStrip>
          <StatTile label={t('overview.robotsOnline')} value={`${count(online)} / ${count(robots.data.total)}`} />
          <StatTile label={t('overview.perSecond')} value={count(stat?.rate ?? 0)} />
          <StatTile label={t('overview.aiSuccess')} value={percent(stats && stats.total > 0 ? stats.succeeded / stats.total : null)} />
          <StatTile label={t('overview.aiP95')} value={stats && stats.total > 0 ? duration(stats.p95Ms) : '—'} />
          <StatTile label={t('overview.queued')} value={count(queued)} tone={queued > 0 ? 'warn' : undefined} />
          <StatTile label={t('overview.openAlerts')} value={count(openAlerts)} tone={openAlerts > 0 ? 'bad' : undefined} />
        </StatStrip>
      </section>
      <div className="grid gap-3 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Card title={t('overview.traffic')}>
          <div className="p-3">
            <Sparkline values={rates} label={t('overview.traffic')} height={190} hasAxes />
          </div>
        </Card>
        <Card title={t('overview.todo')}>
          <Todo
            items={[
              { icon: BellRing, to: '/alerts', count: openAlerts, text: t('overview.alertsTodo', { count: openAlerts }) },
              { icon: Webhook, to: '/callbacks', count: paused.data?.total ?? 0, text: t('overview.callbacksTodo', { count: paused.data?.total ?? 0 }) },
              { icon: Inbox, to: '/queue', count: queue.data?.total ?? 0, text: t('overview.queueTodo', { count: queue.data?.total ?? 0, depth: queued }) },
              { icon: PowerOff, to: '/robots', count: offline, text: t('overview.offlineTodo', { count: offline }) },
            ]}
          />
        </Card>
      </div>
      {robots.data.total === 0 ? <Start /> : <Latest />}
    </Page>
  )
}

interface Item {
  icon: LucideIcon
  to: string
  count: number
  text: string
}

function Todo({ items }: { items: readonly Item[] }) {
  const { t } = useTranslation()
  const open = items.filter((item) => item.count > 0)
  if (open.length === 0) {
    return (
      <div className="flex flex-1 flex-col items-center justify-center gap-1 p-6 text-center">
        <CheckCheck className="size-6 text-ok" aria-hidden />
        <p className="font-medium">{t('overview.nothing')}</p>
        <p className="text-[13px] text-muted">{t('overview.nothingHint')}</p>
      </div>
    )
  }
  return (
    <ul className="divide-y">
      {open.map(({ icon: Icon, to, text }) => (
        <li key={to} className="flex items-center gap-3 px-4 py-2.5 text-[13px]">
          <Icon className="size-4 shrink-0 text-warn" aria-hidden />
          <span>{text}</span>
          <Button asChild size="sm" className="ml-auto">
            <Link to={to} aria-label={`${t('overview.look')}: ${text}`}>{t('overview.look')}</Link>
          </Button>
        </li>
      ))}
    </ul>
  )
}

function Start() {
  const { t } = useTranslation()
  const mayMakeCodes = useMay('codes')
  return (
    <Card>
      <Empty title={t('overview.start')} action={mayMakeCodes ? <Button asChild variant="primary"><Link to="/codes">{t('business.toCodes')}</Link></Button> : null}>
        {t('overview.startHint')}
      </Empty>
    </Card>
  )
}

function Latest() {
  const { t } = useTranslation()
  const robotName = useRobotName()
  const latest = useQuery({
    queryKey: ['messages', 'latest'],
    queryFn: () => unwrap(client.GET('/api/monitor/messages', { params: { query: { limit: LATEST } } })),
    refetchInterval: 5_000,
  })
  const link = (
    <Button asChild size="sm">
      <Link to="/monitor/business" aria-label={`${t('overview.look')} ${t('nav.business')}`}>{t('overview.look')}</Link>
    </Button>
  )
  return (
    <Card title={t('overview.latest')} actions={link}>
      {latest.isPending ? (
        <Skeleton rows={4} />
      ) : latest.isError ? (
        <ErrorState error={latest.error} onRetry={() => void latest.refetch()} />
      ) : latest.data.list.length === 0 ? (
        <Empty title={t('business.emptyTitle')} />
      ) : (
        <ul className="divide-y text-[13px]">
          {latest.data.list.map((row) => (
            <li key={row.id}>
              <Link to="/monitor/business" search={{ id: row.id } as never} className="grid grid-cols-[6.5rem_8rem_8rem_minmax(0,1fr)_6rem] items-center gap-3 px-4 py-2 hover:bg-sunken">
                <span className="text-muted tabular-nums">{clockTime(row.createdAt)}</span>
                <span className="truncate">{robotName(row.robotId)}</span>
                <span className="truncate">{row.groupName || row.userName}</span>
                <span className="truncate">{row.content}</span>
                <span><FeedBadge status={row.status} /></span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
