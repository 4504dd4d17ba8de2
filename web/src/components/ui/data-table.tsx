import type { UseQueryResult } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { cn } from '@/lib/classes'
import { PAGE_SIZE } from '@/lib/filters'
import { count } from '@/lib/format'
import { Button } from './button'
import { ErrorState, Skeleton } from './states'

export interface Column<Row> {
  id: string
  title: string
  cell: (row: Row) => ReactNode
  className?: string
  isNumber?: boolean
}

interface DataTableProps<Row> {
  label: string
  query: UseQueryResult<{ total: number; list: Row[] }>
  columns: Column<Row>[]
  rowKey: (row: Row) => string
  empty: ReactNode
  onOpen?: (row: Row) => void
  openKey?: string | undefined
  page?: number
  onPage?: (page: number) => void
}

/** A list of the server, a page at a time, in all its states. */
export function DataTable<Row>({ label, query, columns, rowKey, empty, onOpen, openKey, page = 1, onPage }: DataTableProps<Row>) {
  if (query.isPending) return <Frame><Skeleton /></Frame>
  if (query.isError) return <Frame><ErrorState error={query.error} onRetry={() => void query.refetch()} /></Frame>
  const { list, total } = query.data
  if (list.length === 0) return <Frame>{empty}</Frame>
  return (
    <Frame>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
      <div role="region" aria-label={label} tabIndex={0} className="min-h-0 overflow-auto rounded-t-lg">
        <table className="w-full border-collapse text-[13px]">
          <thead className="sticky top-0 z-10 bg-surface">
            <tr className="border-b">
              {columns.map((column) => (
                <th key={column.id} scope="col" className={cn('h-9 px-3 text-left text-xs font-medium whitespace-nowrap text-muted', column.isNumber && 'text-right')}>
                  {column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {list.map((row) => {
              const key = rowKey(row)
              return (
                <tr
                  key={key}
                  data-row={onOpen ? '' : undefined}
                  tabIndex={onOpen ? 0 : undefined}
                  onClick={() => onOpen?.(row)}
                  onKeyDown={(event) => {
                    if (event.key === 'Enter' && event.target === event.currentTarget) onOpen?.(row)
                  }}
                  className={cn(
                    'h-9 border-b last:border-b-0 focus-visible:-outline-offset-2',
                    onOpen && 'cursor-pointer hover:bg-sunken',
                    key === openKey && 'bg-accent-soft hover:bg-accent-soft',
                  )}
                >
                  {columns.map((column) => (
                    <td key={column.id} className={cn('max-w-80 truncate px-3 py-1.5', column.isNumber && 'text-right tabular-nums', column.className)}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <Pager total={total} page={page} onPage={onPage} />
    </Frame>
  )
}

const Frame = ({ children }: { children: ReactNode }) => (
  <div className="flex min-h-0 flex-col rounded-lg border bg-surface">{children}</div>
)

function Pager({ total, page, onPage }: { total: number; page: number; onPage: ((page: number) => void) | undefined }) {
  const { t } = useTranslation()
  const last = Math.max(1, Math.ceil(total / PAGE_SIZE))
  return (
    <footer className="flex shrink-0 items-center gap-2 border-t px-3 py-1.5 text-xs text-muted">
      <span>{t('table.total', { total: count(total) })}</span>
      {onPage && last > 1 ? (
        <nav aria-label={t('table.pages')} className="ml-auto flex items-center gap-1">
          <Button variant="ghost" size="sm" aria-label={t('table.previous')} disabled={page <= 1} onClick={() => onPage(page - 1)}>
            <ChevronLeft />
          </Button>
          <span className="tabular-nums">
            {page} / {last}
          </span>
          <Button variant="ghost" size="sm" aria-label={t('table.next')} disabled={page >= last} onClick={() => onPage(page + 1)}>
            <ChevronRight />
          </Button>
        </nav>
      ) : null}
    </footer>
  )
}
