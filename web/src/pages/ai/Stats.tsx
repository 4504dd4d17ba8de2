import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import type { TallyView } from '@/api/schema'
import { Card, StatStrip, StatTile } from '@/components/ui/card'
import { ErrorState } from '@/components/ui/states'
import { count, duration, percent, yuan } from '@/lib/format'

export const WINDOWS = ['5m', '1h', '24h'] as const
export type Window = (typeof WINDOWS)[number]

export const aiStatsQuery = (window: Window) => ({
  queryKey: ['ai-stats', window],
  queryFn: () => unwrap(client.GET('/api/monitor/ai/stats', { params: { query: { window } } })),
  refetchInterval: 5_000,
})

/** Percentiles of the server over a window, never of the rows on the screen. */
export function Stats({ window }: { window: Window }) {
  const { t } = useTranslation()
  const stats = useQuery(aiStatsQuery(window))
  if (stats.isPending) return <div className="skeleton h-16 shrink-0 rounded-lg bg-line" />
  if (stats.isError) return <ErrorState error={stats.error} onRetry={() => void stats.refetch()} />
  const { total, succeeded, failed, p50Ms, p95Ms, p99Ms, tokensIn, tokensOut, costMicros, byModel, byNode } = stats.data
  const isEmpty = total === 0
  const time = (millis: number) => (isEmpty ? '—' : duration(millis))
  return (
    <>
      <StatStrip>
        <StatTile label="P50" value={time(p50Ms)} />
        <StatTile label="P95" value={time(p95Ms)} />
        <StatTile label="P99" value={time(p99Ms)} />
        <StatTile label={t('ai.success')} value={percent(isEmpty ? null : succeeded / total)} />
        <StatTile label={t('ai.failure')} value={percent(isEmpty ? null : failed / total)} tone={failed > 0 ? 'bad' : undefined} />
        <StatTile label={t('ai.calls')} value={count(total)} />
        <StatTile label={t('ai.tokens')} value={`${count(tokensIn)} / ${count(tokensOut)}`} />
        <StatTile label={t('ai.cost')} value={yuan(costMicros)} />
      </StatStrip>
      {byModel.length + byNode.length > 0 ? (
        <div className="grid shrink-0 gap-3 lg:grid-cols-2">
          <Tallies title={t('ai.byModel')} rows={byModel} />
          <Tallies title={t('ai.byNode')} rows={byNode} />
        </div>
      ) : null}
    </>
  )
}

function Tallies({ title, rows }: { title: string; rows: readonly TallyView[] }) {
  const { t } = useTranslation()
  const slowest = Math.max(1, ...rows.map((row) => row.p95Ms))
  if (rows.length === 0) return null
  return (
    <Card title={title}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
      <div className="max-h-44 overflow-y-auto" role="region" aria-label={title} tabIndex={0}>
        <table className="w-full text-[13px]">
          <thead>
            <tr className="text-xs text-muted [&_th]:px-3 [&_th]:py-1.5 [&_th]:font-medium">
              <th scope="col" className="text-left">{t('ai.name')}</th>
              <th scope="col" className="text-right">{t('ai.total')}</th>
              <th scope="col" className="text-right">{t('ai.success')}</th>
              <th scope="col" className="text-left">{t('ai.p95')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name} className="border-t [&_td]:px-3 [&_td]:py-1.5">
                <td className="truncate">{row.name}</td>
                <td className="text-right tabular-nums">{count(row.total)}</td>
                <td className="text-right tabular-nums">{percent(row.total > 0 ? row.succeeded / row.total : null)}</td>
                <td className="w-1/3">
                  <span className="flex items-center gap-2">
                    <span className="h-1.5 rounded-full bg-accent/70" style={{ width: `${(row.p95Ms / slowest) * 60}%` }} aria-hidden />
                    <span className="text-xs text-muted tabular-nums">{duration(row.p95Ms)}</span>
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}
