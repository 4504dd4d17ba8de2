import { ChevronDown, ChevronRight, Pause, Play } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ActorSnapshot } from '@/api/schema'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { StatStrip, StatTile } from '@/components/ui/card'
import { Page } from '@/components/ui/page'
import { Empty, ErrorState, Skeleton } from '@/components/ui/states'
import { cn } from '@/lib/classes'
import { useFilters } from '@/lib/filters'
import { count, sinceNow } from '@/lib/format'
import { ActorDrawer } from './ActorDrawer'
import { ActorState, Mailbox } from './ActorState'
import { fillOf, isTroubled, linesOf, pressureOf, treeOf, type Line } from './tree'
import { useActors, type Seen } from './useActors'

const VIEWS = ['tree', 'table', 'heat'] as const
const SORTS = ['mailbox', 'rate', 'handled', 'restarts'] as const
type Sort = (typeof SORTS)[number]

export function ActorsPage() {
  const { t } = useTranslation()
  const filters = useFilters<'view' | 'sort' | 'id'>()
  const [isPaused, setPaused] = useState(false)
  const { seen, asked } = useActors(isPaused)
  const view = VIEWS.find((name) => name === filters.get('view')) ?? 'tree'
  const openId = filters.get('id')
  const open = seen?.list.find((actor) => actor.id === openId)
  const onOpen = (id: string) => filters.set({ id })
  return (
    <Page
      title={t('nav.actors')}
      badge={isPaused ? <Badge tone="warn">{t('live.paused')}</Badge> : null}
      actions={
        <>
          <div role="radiogroup" aria-label={t('actors.view')} className="flex rounded-md border border-line-strong bg-surface p-0.5">
            {VIEWS.map((name) => (
              <button
                key={name}
                type="button"
                role="radio"
                aria-checked={view === name}
                onClick={() => filters.set({ view: name === 'tree' ? undefined : name })}
                className={cn('rounded px-2.5 py-0.5 text-[13px] text-muted', view === name && 'bg-accent-soft font-medium text-accent')}
              >
                {t(`actors.${name}`)}
              </button>
            ))}
          </div>
          <Button onClick={() => setPaused(!isPaused)}>
            {isPaused ? <Play /> : <Pause />}
            {t(isPaused ? 'live.resume' : 'live.pause')}
          </Button>
        </>
      }
    >
      {seen ? (
        <>
          <Summary seen={seen} />
          {seen.total > seen.list.length ? <p className="text-xs text-muted">{t('actors.shown', { shown: count(seen.list.length), total: count(seen.total) })}</p> : null}
          {seen.list.length === 0 ? (
            <Empty title={t('actors.emptyTitle')}>{t('actors.emptyHint')}</Empty>
          ) : view === 'heat' ? (
            <Heat list={seen.list} onOpen={onOpen} />
          ) : (
            <Rows key={view} seen={seen} isTree={view === 'tree'} sort={SORTS.find((name) => name === filters.get('sort')) ?? 'mailbox'} onSort={(sort) => filters.set({ sort })} openId={openId} onOpen={onOpen} />
          )}
        </>
      ) : asked.isError ? (
        <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
      ) : (
        <Skeleton />
      )}
      {openId ? <ActorDrawer id={openId} actor={open} onClose={() => filters.set({ id: undefined })} /> : null}
    </Page>
  )
}

function Summary({ seen: { list, total } }: { seen: Seen }) {
  const { t } = useTranslation()
  const fullest = list.reduce<ActorSnapshot | null>((best, actor) => (best === null || fillOf(actor) > fillOf(best) ? actor : best), null)
  const troubled = list.filter(isTroubled).length
  const open = list.filter((actor) => actor.breaker === 'open').length
  return (
    <StatStrip>
      <StatTile label={t('actors.total')} value={count(total)} />
      <StatTile label={t('actors.restarts')} value={count(list.reduce((sum, actor) => sum + actor.restarts, 0))} />
      <StatTile label={t('actors.breakers')} value={count(open)} tone={open > 0 ? 'bad' : undefined} />
      <StatTile label={t('actors.troubled')} value={count(troubled)} tone={troubled > 0 ? 'warn' : undefined} />
      <StatTile label={t('actors.fullest')} value={fullest ? `${fullest.mailbox.depth} / ${fullest.mailbox.capacity}` : '—'} hint={fullest?.id} />
    </StatStrip>
  )
}

interface RowsProps {
  seen: Seen
  isTree: boolean
  sort: Sort
  onSort: (sort: Sort) => void
  openId: string | undefined
  onOpen: (id: string) => void
}

function Rows({ seen, isTree, sort, onSort, openId, onOpen }: RowsProps) {
  const { t } = useTranslation()
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const lines = useMemo((): Line[] => {
    if (isTree) return linesOf(treeOf(seen.list), closed)
    const value: Record<Sort, (actor: ActorSnapshot) => number> = {
      mailbox: fillOf,
      rate: (actor) => seen.rates.get(actor.id) ?? 0,
      handled: (actor) => actor.handled,
      restarts: (actor) => actor.restarts,
    }
    return seen.list.toSorted((one, other) => value[sort](other) - value[sort](one) || one.id.localeCompare(other.id)).map((actor) => ({ id: actor.id, actor, depth: 0, below: 0, isOpen: true }))
  }, [seen, isTree, closed, sort])
  const toggle = (id: string) => {
    const next = new Set(closed)
    if (!next.delete(id)) next.add(id)
    setClosed(next)
  }
  const heading = (name: Sort, title: string) =>
    isTree ? (
      title
    ) : (
      <button type="button" className={cn('hover:text-foreground', sort === name && 'font-semibold text-foreground')} aria-pressed={sort === name} onClick={() => onSort(name)}>
        {title} {sort === name ? '↓' : ''}
      </button>
    )
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <div role="region" aria-label={t('actors.rows')} tabIndex={0} className="min-h-0 overflow-auto rounded-lg border bg-surface">
      <table className="w-full border-collapse text-[13px]">
        <thead className="sticky top-0 z-10 bg-surface">
          <tr className="h-9 border-b text-xs text-muted [&_th]:px-3 [&_th]:font-medium">
            <th scope="col" className="text-left">{t('actors.name')}</th>
            <th scope="col" className="text-left">{t('actors.kind')}</th>
            <th scope="col" className="text-left">{t('actors.state')}</th>
            <th scope="col" className="text-left">{heading('mailbox', t('actors.mailbox'))}</th>
            <th scope="col" className="text-right">{heading('rate', t('actors.throughput'))}</th>
            <th scope="col" className="text-right">{heading('handled', t('actors.handled'))}</th>
            <th scope="col" className="text-right">{heading('restarts', t('actors.restarts'))}</th>
            <th scope="col" className="text-right">{t('actors.since')}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr
              key={line.id}
              data-row={line.actor ? '' : undefined}
              tabIndex={line.actor ? 0 : undefined}
              onClick={() => line.actor && onOpen(line.id)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && event.target === event.currentTarget && line.actor) onOpen(line.id)
              }}
              className={cn('h-9 border-b last:border-b-0 focus-visible:-outline-offset-2 [&_td]:px-3', line.actor && 'cursor-pointer hover:bg-sunken', line.id === openId && 'bg-accent-soft hover:bg-accent-soft')}
            >
              <td className="max-w-96 truncate" colSpan={line.actor ? 1 : 8}>
                <span className="inline-flex items-center gap-1 align-middle" style={{ paddingLeft: line.depth * 18 }}>
                  {line.below > 0 ? (
                    <button
                      type="button"
                      aria-expanded={line.isOpen}
                      aria-label={line.id}
                      className="rounded p-0.5 hover:bg-line"
                      onClick={(event) => {
                        event.stopPropagation()
                        toggle(line.id)
                      }}
                    >
                      {line.isOpen ? <ChevronDown className="size-3.5" /> : <ChevronRight className="size-3.5" />}
                    </button>
                  ) : isTree ? (
                    <span className="w-4.5" />
                  ) : null}
                  <span className={cn('text-[13px]', !line.actor && 'font-medium')}>{line.id}</span>
                  {line.below > 0 ? <span className="text-xs text-muted">{line.below}</span> : null}
                  {line.actor ? null : <span className="text-xs text-muted">{t('actors.supervisor')}</span>}
                </span>
              </td>
              {line.actor ? <Cells actor={line.actor} rate={seen.rates.get(line.id) ?? 0} /> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cells({ actor, rate }: { actor: ActorSnapshot; rate: number }) {
  const { t } = useTranslation()
  return (
    <>
      <td className="text-muted">{actor.kind}</td>
      <td><ActorState actor={actor} /></td>
      <td><Mailbox actor={actor} /></td>
      <td className="text-right tabular-nums">{t('actors.perSecond', { rate })}</td>
      <td className="text-right tabular-nums">{count(actor.handled)}</td>
      <td className={cn('text-right tabular-nums', actor.restarts > 0 && 'font-medium text-warn')}>{actor.restarts}</td>
      <td className="text-right text-muted tabular-nums">{sinceNow(actor.since)}</td>
    </>
  )
}

const HEAT = { ok: 'bg-ok/25 hover:bg-ok/50', warn: 'bg-warn/70 hover:bg-warn', bad: 'bg-bad hover:bg-bad/80' }

function Heat({ list, onOpen }: { list: readonly ActorSnapshot[]; onOpen: (id: string) => void }) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('actors.heatLabel')} className="rounded-lg border bg-surface p-4">
      <p className="mb-3 text-xs text-muted">{t('actors.heatLabel')}</p>
      <div className="flex flex-wrap gap-1">
        {list.map((actor) => (
          <button
            key={actor.id}
            type="button"
            title={`${actor.id} ${actor.mailbox.depth}/${actor.mailbox.capacity}`}
            aria-label={`${actor.id} ${actor.mailbox.depth}/${actor.mailbox.capacity}`}
            onClick={() => onOpen(actor.id)}
            className={cn('size-6 rounded', HEAT[pressureOf(fillOf(actor))])}
          />
        ))}
      </div>
    </section>
  )
}
