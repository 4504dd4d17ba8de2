import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDownLeft, ArrowUpRight } from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { FeedBadge } from '@/components/status'
import { cn } from '@/lib/classes'
import { clockTime, dateTime, duration } from '@/lib/format'
import type { GapRow, MessageRow, Row } from './store'

const ROW_PX = 36
const GRID = 'grid grid-cols-[7.5rem_3.5rem_9rem_9rem_7rem_minmax(12rem,1fr)_5.5rem_6rem] items-center gap-x-3 px-4'

interface MessageListProps {
  rows: readonly Row[]
  robotName: (robotId: string) => string
  openId: string | undefined
  isHistory: boolean
  onOpen: (id: string) => void
  onNarrow: (change: { robotId?: string; group?: string; user?: string }) => void
  onGap: (gap: GapRow) => void
  onAway: (isAway: boolean) => void
  footer?: ReactNode
}

/** Only the rows in sight are in the document. */
export function MessageList(props: MessageListProps) {
  const { rows, onAway, footer } = props
  const { t } = useTranslation()
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (place) => rows[place]?.id ?? place,
    overscan: 6,
  })
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const follow = () => onAway(element.scrollTop > ROW_PX)
    element.addEventListener('scroll', follow, { passive: true })
    return () => element.removeEventListener('scroll', follow)
  }, [onAway])
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <div ref={scroller} tabIndex={0} role="region" aria-label={t('business.rows')} className="min-h-40 flex-1 overflow-auto" data-messages="">
      <div role="table" aria-label={t('business.rows')} aria-rowcount={rows.length} className="min-w-[60rem]">
        <div role="rowgroup" className="sticky top-0 z-10 border-b bg-surface">
          <div role="row" className={cn(GRID, 'h-9 text-xs font-medium text-muted')}>
            {(['time', 'direction', 'robot', 'group', 'user', 'content', 'latency', 'status'] as const).map((name) => (
              <span key={name} role="columnheader" className={name === 'latency' ? 'text-right' : ''}>
                {t(`business.${name}`)}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]
            if (!row) return null
            const style = { height: ROW_PX, transform: `translateY(${item.start}px)` }
            return row.kind === 'gap' ? (
              <div key={row.id} role="row" className="absolute inset-x-0 top-0 grid place-items-center border-b bg-sunken" style={style}>
                <span role="cell">
                  <button type="button" className="text-[13px] text-muted underline underline-offset-4" onClick={() => props.onGap(row)}>
                    {t('live.gap')}
                  </button>
                </span>
              </div>
            ) : (
              <Line key={row.id} row={row} style={style} {...props} />
            )
          })}
        </div>
      </div>
      {footer}
    </div>
  )
}

function Line({ row, style, openId, onOpen, onNarrow, robotName, isHistory }: MessageListProps & { row: MessageRow; style: { height: number; transform: string } }) {
  const { t } = useTranslation()
  const isIn = row.direction === 'in'
  const Arrow = isIn ? ArrowDownLeft : ArrowUpRight
  return (
    <div
      role="row"
      data-row=""
      tabIndex={0}
      style={style}
      onClick={() => onOpen(row.id)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget) onOpen(row.id)
      }}
      className={cn(
        GRID,
        'absolute inset-x-0 top-0 cursor-pointer border-b text-[13px] hover:bg-sunken focus-visible:-outline-offset-2',
        row.status === 'failed' && 'bg-bad/5',
        row.id === openId && 'bg-accent-soft hover:bg-accent-soft',
        row.changes > 0 && 'row-flash',
      )}
    >
      <span role="cell" className="truncate text-muted tabular-nums" title={dateTime(row.createdAt)}>
        {isHistory ? dateTime(row.createdAt).slice(5) : clockTime(row.createdAt)}
      </span>
      <span role="cell" className={cn('inline-flex items-center gap-1 text-xs', isIn ? 'text-info' : 'text-ok')}>
        <Arrow className="size-3.5" aria-hidden />
        {t(isIn ? 'business.in' : 'business.out')}
      </span>
      <Narrow name={robotName(row.robotId)} onClick={() => onNarrow({ robotId: row.robotId })} />
      <Narrow name={row.groupName} onClick={() => onNarrow({ group: row.groupName })} empty={t('business.private')} />
      <Narrow name={row.userName} onClick={() => onNarrow({ user: row.userName })} />
      <span role="cell" className="truncate">
        {row.content}
      </span>
      <span role="cell" className="text-right text-muted tabular-nums">
        {duration(row.latencyMs)}
      </span>
      <span role="cell">
        <FeedBadge status={row.status} />
      </span>
    </div>
  )
}

/** A name that narrows the list to itself. */
function Narrow({ name, onClick, empty = '—' }: { name: string; onClick: () => void; empty?: string }) {
  const { t } = useTranslation()
  return (
    <span role="cell" className="truncate">
      {name ? (
        <button
          type="button"
          tabIndex={-1}
          title={t('business.addFilter', { name })}
          className="max-w-full truncate align-bottom hover:text-accent hover:underline"
          onClick={(event) => {
            event.stopPropagation()
            onClick()
          }}
        >
          {name}
        </button>
      ) : (
        <span className="text-muted">{empty}</span>
      )}
    </span>
  )
}
