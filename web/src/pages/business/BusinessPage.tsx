import { Pause, Play, ArrowUp } from 'lucide-react'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import type { Direction, FeedStatus } from '@/api/schema'
import { useMay } from '@/api/session'
import { RobotSelect, useRobotName } from '@/components/RobotSelect'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { StatStrip, StatTile } from '@/components/ui/card'
import { Select } from '@/components/ui/field'
import { FilterBar, Page } from '@/components/ui/page'
import { SearchInput } from '@/components/ui/search-input'
import { Sparkline } from '@/components/ui/sparkline'
import { Empty, ErrorState, Skeleton } from '@/components/ui/states'
import { useFilters } from '@/lib/filters'
import { count } from '@/lib/format'
import { useSlowly } from '@/live/rate'
import { MessageList } from './MessageList'
import type { MessageRow } from './store'
import { isRange, RANGES, useHistory, useLiveMessages, type MessageFilter } from './useMessages'

const MessageDrawer = lazy(() => import('./MessageDrawer'))

type Name = 'robot' | 'group' | 'user' | 'status' | 'direction' | 'range' | 'q' | 'id'
const STATUSES: readonly FeedStatus[] = ['received', 'processing', 'replied', 'sent', 'failed', 'queued']
const oneOf = <T extends string>(text: string | undefined, allowed: readonly T[]): T | undefined => allowed.find((value) => value === text)

const isPlainSpace = (event: KeyboardEvent) =>
  event.key === ' ' && !(event.target instanceof HTMLElement && event.target.closest('input, textarea, select, button, a, [role="dialog"]'))

/** Paused by hand, while the list is scrolled away from its top, or while text is selected in it. */
function usePause(pause: () => void, resume: () => void) {
  const [isHeld, setHeld] = useState(false)
  const [isAway, setAway] = useState(false)
  const [isSelecting, setSelecting] = useState(false)
  const isPaused = isHeld || isAway || isSelecting
  useEffect(() => {
    if (isPaused) pause()
    else resume()
  }, [isPaused, pause, resume])
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!isPlainSpace(event)) return
      event.preventDefault()
      setHeld((old) => !old)
    }
    const select = () => {
      const selection = document.getSelection()
      setSelecting(Boolean(selection && !selection.isCollapsed && selection.anchorNode?.parentElement?.closest('[data-messages]')))
    }
    window.addEventListener('keydown', press)
    document.addEventListener('selectionchange', select)
    return () => {
      window.removeEventListener('keydown', press)
      document.removeEventListener('selectionchange', select)
    }
  }, [])
  return { isPaused, setHeld, setAway }
}

export function BusinessPage() {
  const { t } = useTranslation()
  const filters = useFilters<Name>()
  const robotName = useRobotName()
  const mayMakeCodes = useMay('codes')
  const rangeText = filters.get('range')
  const range = isRange(rangeText) ? rangeText : null
  const filter: MessageFilter = {
    robotId: filters.get('robot'),
    group: filters.get('group'),
    user: filters.get('user'),
    status: oneOf(filters.get('status'), STATUSES),
    direction: oneOf<Direction>(filters.get('direction'), ['in', 'out']),
    q: filters.get('q'),
  }
  const isLive = range === null
  const live = useLiveMessages(filter, isLive)
  const past = useHistory(filter, range)
  const { store } = live
  const pause = useCallback(() => store.pause(), [store])
  const resume = useCallback(() => store.resume(), [store])
  const { isPaused, setHeld, setAway } = usePause(pause, resume)
  const told = useSlowly(live.tally, 5_000)

  const pastRows: MessageRow[] = past.data?.pages.flatMap((page) => page.list.map((row): MessageRow => ({ ...row, kind: 'message', changes: 0 }))) ?? []
  const rows = isLive ? live.rows : pastRows
  const query = isLive ? live.start : past
  const openId = filters.get('id')
  const open = rows.find((row): row is MessageRow => row.kind === 'message' && row.id === openId)
  const isNarrowed = Object.values(filter).some(Boolean) || !isLive
  const setText = (name: Name) => (value: string | undefined) => filters.set({ [name]: value })
  const { stat } = live

  return (
    <Page
      title={t('nav.business')}
      badge={
        isLive ? (
          <>
            <Badge tone={isPaused ? 'warn' : 'ok'}>{t(isPaused ? 'live.paused' : 'shell.live')}</Badge>
            <span className="text-[13px] text-muted tabular-nums">{t('live.rate', { rate: stat?.rate ?? 0 })}</span>
          </>
        ) : (
          <Badge>{t('business.history')}</Badge>
        )
      }
      actions={
        isLive ? (
          <Button onClick={() => setHeld(!isPaused)}>
            {isPaused ? <Play /> : <Pause />}
            {t(isPaused ? 'live.resume' : 'live.pause')}
          </Button>
        ) : null
      }
    >
      {isLive ? (
        <div className="grid gap-3 xl:grid-cols-[minmax(0,1fr)_24rem]">
          <StatStrip>
            <StatTile label={t('business.total')} value={count(rows.length)} />
            <StatTile label={t('business.ok')} value={count(stat?.ok ?? 0)} />
            <StatTile label={t('business.processing')} value={count(stat?.processing ?? 0)} />
            <StatTile label={t('business.failed')} value={count(stat?.failed ?? 0)} tone={stat?.failed ? 'bad' : undefined} />
          </StatStrip>
          <div className="flex min-w-0 flex-col rounded-lg border bg-surface px-4 py-2 max-xl:hidden">
            <span className="text-xs text-muted">{t('business.perSecond')}</span>
            <Sparkline values={live.rates} label={t('business.perSecond')} height={34} />
          </div>
        </div>
      ) : null}
      <FilterBar label={t('business.filters')}>
        <RobotSelect value={filter.robotId} onChange={(robot) => filters.set({ robot })} />
        <SearchInput label={t('business.group')} value={filter.group} onChange={setText('group')} />
        <SearchInput label={t('business.user')} value={filter.user} onChange={setText('user')} />
        <Select
          aria-label={t('business.status')}
          value={filter.status ?? ''}
          onChange={(event) => filters.set({ status: event.target.value })}
          options={[['', t('business.allStatus')], ...STATUSES.map((status) => [status, t(`feedStatus.${status}`)] as const)]}
        />
        <Select
          aria-label={t('business.direction')}
          value={filter.direction ?? ''}
          onChange={(event) => filters.set({ direction: event.target.value })}
          options={[['', t('business.bothDirections')], ['in', t('business.in')], ['out', t('business.out')]]}
        />
        <Select
          aria-label={t('business.range')}
          value={range ?? ''}
          onChange={(event) => filters.set({ range: event.target.value })}
          options={[['', t('business.rangeLive')], ...Object.keys(RANGES).map((name) => [name, t(`business.range${name as keyof typeof RANGES}`)] as const)]}
        />
        <SearchInput label={t('business.search')} value={filter.q} onChange={setText('q')} className="!w-48" />
        {filters.isNarrowed ? (
          <Button variant="ghost" onClick={filters.clear}>
            {t('action.reset')}
          </Button>
        ) : null}
      </FilterBar>
      <p className="sr-only" aria-live="polite">
        {told.added > 0 ? t('live.summary', { count: told.added, failed: told.failed }) : ''}
      </p>
      <div className="relative flex min-h-72 flex-1 flex-col overflow-hidden rounded-lg border bg-surface">
        {live.skipped > 0 && isLive ? <p className="border-b bg-warn/12 px-4 py-1 text-center text-xs text-warn">{t('live.sampled', { count: live.skipped })}</p> : null}
        {query.isPending ? (
          <Skeleton rows={10} />
        ) : query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : rows.length === 0 ? (
          <Empty
            title={t(isNarrowed ? 'business.emptyNarrowed' : 'business.emptyTitle')}
            action={
              isNarrowed ? (
                <Button onClick={filters.clear}>{t('action.reset')}</Button>
              ) : mayMakeCodes ? (
                <Button asChild variant="primary">
                  <Link to="/codes">{t('business.toCodes')}</Link>
                </Button>
              ) : null
            }
          >
            {isNarrowed ? null : t('business.emptyHint')}
          </Empty>
        ) : (
          <MessageList
            rows={rows}
            robotName={robotName}
            openId={openId}
            isHistory={!isLive}
            onOpen={(id) => filters.set({ id })}
            onNarrow={({ robotId, ...names }) => filters.set({ ...names, ...(robotId ? { robot: robotId } : {}) })}
            onGap={(gap) => void live.fillGap(gap.id, gap.from, gap.to).catch(() => toast.error(t('state.failed')))}
            onAway={setAway}
            footer={
              !isLive && past.hasNextPage ? (
                <div className="grid place-items-center p-3">
                  <Button disabled={past.isFetchingNextPage} onClick={() => void past.fetchNextPage()}>
                    {t('business.more')}
                  </Button>
                </div>
              ) : null
            }
          />
        )}
        {isLive && live.held > 0 ? (
          <Button
            variant="primary"
            size="sm"
            className="absolute bottom-4 left-1/2 -translate-x-1/2 rounded-full px-3 shadow-lg"
            onClick={() => {
              setHeld(false)
              document.querySelector('[data-messages]')?.scrollTo({ top: 0 })
              document.getSelection()?.removeAllRanges()
            }}
          >
            <ArrowUp /> {t('live.held', { count: live.held })}
          </Button>
        ) : null}
      </div>
      <Suspense fallback={null}>{openId ? <MessageDrawer id={openId} row={open} robotName={robotName} onClose={() => filters.set({ id: undefined })} /> : null}</Suspense>
    </Page>
  )
}
