import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { isUnknownRoute, listExecutions } from '@/api/executions'
import { useMay } from '@/api/session'
import { useRobotName } from '@/components/RobotSelect'
import { RunBadge } from '@/components/status'
import { Card } from '@/components/ui/card'
import { Select } from '@/components/ui/field'
import { Page } from '@/components/ui/page'
import { Empty, ErrorState, Skeleton } from '@/components/ui/states'
import { cn } from '@/lib/classes'
import { useFilters } from '@/lib/filters'
import { clockTime, duration } from '@/lib/format'
import { feed } from '@/live/connection'
import { RunDetail } from './RunDetail'
import { RunStore, type Run } from './runs'
import { Stats, WINDOWS, type Window } from './Stats'

const SHOWN = 200
const STATUSES = ['running', 'waiting', 'completed', 'failed'] as const

/** The last runs kept by the server, then every event of theirs. */
function useRuns() {
  const [store] = useState(() => new RunStore())
  const runs = useSyncExternalStore(store.watch, store.view)
  const start = useQuery({
    queryKey: ['executions', 'start'],
    queryFn: async () => {
      try {
        return await listExecutions({ pageSize: 50 })
      } catch (error) {
        if (isUnknownRoute(error)) return { total: 0, list: [] }
        throw error
      }
    },
    refetchOnWindowFocus: false,
  })
  useEffect(() => feed.subscribe('panel2', { events: (events) => store.take(events) }), [store])
  useEffect(() => {
    if (start.data) store.begin(start.data.list)
  }, [store, start.data])
  return { runs, start }
}

export function AiPage() {
  const { t } = useTranslation()
  const filters = useFilters<'window' | 'status' | 'id'>()
  const maySeeStats = useMay('stats')
  const { runs, start } = useRuns()
  const window: Window = WINDOWS.find((name) => name === filters.get('window')) ?? '1h'
  const status = STATUSES.find((name) => name === filters.get('status'))
  const shown = runs.filter((run) => !status || run.status === status).slice(0, SHOWN)
  const openId = filters.get('id')
  return (
    <Page
      title={t('nav.ai')}
      actions={
        <>
          <Select
            aria-label={t('ai.status')}
            className="w-auto"
            value={status ?? ''}
            onChange={(event) => filters.set({ status: event.target.value })}
            options={[['', t('business.allStatus')], ...STATUSES.map((name) => [name, t(`runStatus.${name}`)] as const)]}
          />
          {maySeeStats ? (
            <Select aria-label={t('ai.window')} className="w-auto" value={window} onChange={(event) => filters.set({ window: event.target.value })} options={WINDOWS.map((name) => [name, t(`ai.w${name}`)] as const)} />
          ) : null}
        </>
      }
    >
      {maySeeStats ? <Stats window={window} /> : null}
      <div className="grid min-h-80 flex-1 gap-3 lg:grid-cols-[24rem_minmax(0,1fr)]">
        <Card title={t('ai.runs')} className="min-h-60">
          {shown.length > 0 ? (
            <RunList runs={shown} openId={openId} onOpen={(id) => filters.set({ id })} />
          ) : start.isPending ? (
            <Skeleton rows={6} />
          ) : start.isError ? (
            <ErrorState error={start.error} onRetry={() => void start.refetch()} />
          ) : (
            <Empty title={t('ai.emptyTitle')}>{t('ai.emptyHint')}</Empty>
          )}
        </Card>
        <Card className="min-h-60">
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
          <div className="min-h-0 flex-1 overflow-y-auto p-4" tabIndex={0} role="region" aria-label={t('ai.run')}>
            {openId ? <RunDetail id={openId} heard={runs.find((run) => run.id === openId)} /> : <Empty title={t('ai.pick')} />}
          </div>
        </Card>
      </div>
    </Page>
  )
}

function RunList({ runs, openId, onOpen }: { runs: readonly Run[]; openId: string | undefined; onOpen: (id: string) => void }) {
  const { t } = useTranslation()
  const robotName = useRobotName()
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <ul className="min-h-0 flex-1 overflow-y-auto lg:h-0" aria-label={t('ai.runs')} tabIndex={0}>
      {runs.map((run) => (
        <li key={run.id} className="border-b last:border-b-0">
          <button
            type="button"
            data-row=""
            aria-pressed={run.id === openId}
            onClick={() => onOpen(run.id)}
            className={cn('flex w-full flex-col gap-0.5 px-4 py-2 text-left text-[13px] hover:bg-sunken focus-visible:-outline-offset-2', run.id === openId && 'bg-accent-soft hover:bg-accent-soft')}
          >
            <span className="flex items-center gap-2">
              <span className="text-muted tabular-nums">{clockTime(run.startedAt).slice(0, 8)}</span>
              <span className="truncate font-medium">{run.intent ?? run.flowId}</span>
              <span className="ml-auto"><RunBadge status={run.status} /></span>
            </span>
            <span className="flex gap-2 text-xs text-muted tabular-nums">
              <span className="truncate">{robotName(run.robotId)}</span>
              <span className="ml-auto">{duration(run.durationMs)}</span>
              {run.tokens > 0 ? <span>{run.tokens} tk</span> : null}
            </span>
          </button>
        </li>
      ))}
    </ul>
  )
}
