import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isUnknownRoute, readExecution, retryExecution, type Execution, type ExecutionNode } from '@/api/executions'
import { Failure } from '@/api/failure'
import { useMay } from '@/api/session'
import { useRobotName } from '@/components/RobotSelect'
import { RunBadge } from '@/components/status'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { Facts, Json } from '@/components/ui/card'
import { Confirm } from '@/components/ui/confirm'
import { Menu } from '@/components/ui/menu'
import { Empty, ErrorState, Skeleton } from '@/components/ui/states'
import { cn } from '@/lib/classes'
import { count, dateTime, duration, yuan } from '@/lib/format'
import { barsOf } from './bars'

const BAR: Record<string, string> = { failed: 'bg-bad', running: 'bg-info skeleton', waiting: 'bg-warn', skipped: 'bg-line-strong' }

/** A run with everything that is kept of it; what was heard live stands in until that is read. */
export function RunDetail({ id, heard }: { id: string; heard?: Execution | undefined }) {
  const { t } = useTranslation()
  const isOver = heard !== undefined && heard.status !== 'running' && heard.status !== 'waiting'
  const kept = useQuery({
    queryKey: ['executions', 'one', id, isOver],
    queryFn: () => readExecution(id),
    refetchInterval: (query) => (query.state.data?.status === 'running' || query.state.data?.status === 'waiting' ? 2_000 : false),
    retry: (attempts, error) => attempts < 2 && error instanceof Failure && error.status === 0,
  })
  const run = kept.data ?? heard
  if (run) return <Detail key={id} run={run} isKept={kept.data !== undefined} />
  if (kept.isPending) return <Skeleton rows={6} />
  return isUnknownRoute(kept.error) ? <Empty title={t('flows.emptyNarrowed')} /> : <ErrorState error={kept.error} onRetry={() => void kept.refetch()} />
}

function Detail({ run, isKept }: { run: Execution; isKept: boolean }) {
  const { t } = useTranslation()
  const robotName = useRobotName()
  const [chosen, setChosen] = useState<string>()
  const { bars, totalMs } = barsOf(run)
  const node = run.nodes.find((one) => keyOf(one) === chosen) ?? run.nodes.find((one) => one.error) ?? run.nodes.at(-1)
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-2">
        <RunBadge status={run.status} />
        <span className="text-[13px] tabular-nums">{duration(run.durationMs)}</span>
        <code className="truncate text-xs text-muted">{run.id}</code>
        <span className="ml-auto">{isKept ? <Retry run={run} /> : null}</span>
      </div>
      <Facts
        rows={[
          [t('ai.flow'), run.flowVersion ? `${run.flowId} v${run.flowVersion}` : run.flowId],
          [t('ai.robot'), robotName(run.robotId)],
          [t('ai.started'), dateTime(run.startedAt)],
          ...(run.tokens ? [[t('ai.tokens'), count(run.tokens)] as const] : []),
          ...(run.costMicros ? [[t('ai.cost'), yuan(run.costMicros)] as const] : []),
          ...(run.error || run.errorCode ? [[t('ai.error'), run.error ?? run.errorCode] as const] : []),
        ]}
      />
      <section aria-label={t('ai.timeline')}>
        <h3 className="mb-2 text-[13px] font-semibold">{t('ai.timeline')}</h3>
        <ol className="flex flex-col">
          {bars.map(({ node: one, fromMs, tookMs }) => (
            <li key={keyOf(one)}>
              <button
                type="button"
                aria-pressed={one === node}
                onClick={() => setChosen(keyOf(one))}
                className={cn('grid h-8 w-full grid-cols-[8.5rem_1fr_5rem] items-center gap-3 rounded px-2 text-left text-[13px] hover:bg-sunken', one === node && 'bg-accent-soft hover:bg-accent-soft', one.status === 'skipped' && 'text-muted')}
              >
                <span className="truncate">
                  {one.nodeName || one.nodeId} {one.attempt > 1 ? <span className="text-xs text-warn">↻{one.attempt}</span> : null}
                </span>
                <span className="relative h-3 rounded bg-sunken" aria-hidden>
                  <span className={cn('absolute inset-y-0 min-w-0.5 rounded', BAR[one.error ? 'failed' : one.status] ?? 'bg-accent')} style={{ left: `${(fromMs / totalMs) * 100}%`, width: `${(tookMs / totalMs) * 100}%` }} />
                </span>
                <span className="text-right text-xs text-muted tabular-nums">{duration(tookMs)}</span>
              </button>
            </li>
          ))}
        </ol>
      </section>
      {node ? <NodeFacts node={node} /> : null}
      {run.context ? (
        <details>
          <summary className="cursor-pointer text-[13px] font-semibold">{t('ai.context')}</summary>
          <Json value={run.context} />
        </details>
      ) : null}
    </div>
  )
}

const keyOf = (node: ExecutionNode) => `${node.nodeId}-${node.attempt}-${node.startedAt ?? ''}`

function NodeFacts({ node }: { node: ExecutionNode }) {
  const { t } = useTranslation()
  return (
    <section className="flex flex-col gap-2 rounded-lg border p-3" aria-label={t('ai.node')}>
      <h3 className="flex items-center gap-2 text-[13px] font-semibold">
        {node.nodeName || node.nodeId} <RunBadge status={node.status} />
        {node.attempt > 1 ? <span className="text-xs font-normal text-muted">{t('ai.attempt', { attempt: node.attempt })}</span> : null}
      </h3>
      {node.error ? <p className="rounded-md bg-bad/12 px-3 py-2 text-[13px] text-bad">{node.error}</p> : null}
      {node.input === undefined ? null : (
        <>
          <h4 className="text-xs text-muted">{t('ai.input')}</h4>
          <Json value={node.input} />
        </>
      )}
      {node.output === undefined ? null : (
        <>
          <h4 className="text-xs text-muted">{t('ai.output')}</h4>
          <Json value={node.output} />
        </>
      )}
    </section>
  )
}

function Retry({ run }: { run: Execution }) {
  const { t } = useTranslation()
  const mayRetry = useMay('retryRun')
  const [from, setFrom] = useState<'start' | 'failed' | null>(null)
  const retry = useAction({ run: (place: string) => retryExecution(run.id, place), changes: ['executions'], done: t('ai.retried') })
  if (!mayRetry || run.status === 'running') return null
  return (
    <>
      <Menu
        trigger={<Button size="sm">{t('ai.retry')}</Button>}
        items={[
          { label: t('ai.retryStart'), onSelect: () => setFrom('start') },
          { label: t('ai.retryFailed'), isDisabled: run.status !== 'failed', onSelect: () => setFrom('failed') },
        ]}
      />
      <Confirm isOpen={from !== null} onClose={() => setFrom(null)} onConfirm={() => from && retry.mutate(from)} title={t('ai.retryTitle')} action={t('ai.retry')}>
        {t('ai.retryHint')}
      </Confirm>
    </>
  )
}
