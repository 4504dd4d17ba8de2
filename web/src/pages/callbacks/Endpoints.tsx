import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CirclePause } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, idempotencyKey, unwrap } from '@/api/client'
import type { EndpointView } from '@/api/schema'
import { useMay } from '@/api/session'
import { useRobotName } from '@/components/RobotSelect'
import { useAction } from '@/components/useAction'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { DataTable } from '@/components/ui/data-table'
import { Dialog } from '@/components/ui/dialog'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'
import { count, dateTime, duration, percent } from '@/lib/format'
import { cn } from '@/lib/classes'

/** The phones' platforms wait no longer than this. */
const LIMIT_MS = 3_000

export function Endpoints() {
  const { t } = useTranslation()
  const filters = useFilters<'page'>()
  const robotName = useRobotName()
  const mayReplay = useMay('replay')
  const [tested, setTested] = useState<EndpointView | null>(null)
  const page = pageOf(filters.get('page'))
  const query = useQuery({
    queryKey: ['callbacks', 'endpoints', page],
    queryFn: () => unwrap(client.GET('/api/callbacks/endpoints', { params: { query: { page, pageSize: PAGE_SIZE } } })),
    refetchInterval: 5_000,
  })
  const resume = useAction({
    run: (id: string) => unwrap(client.POST('/api/callbacks/endpoints/{id}/resume', { params: { path: { id } } })),
    changes: ['callbacks'],
    done: t('callbacks.resumed'),
  })
  return (
    <>
      <DataTable
        label={t('callbacks.endpoints')}
        query={query}
        rowKey={(row) => row.id}
        page={page}
        onPage={(next) => filters.set({ page: String(next) })}
        empty={<Empty title={t('callbacks.emptyEndpoints')}>{t('callbacks.emptyEndpointsHint')}</Empty>}
        columns={[
          { id: 'url', title: t('callbacks.url'), cell: (row) => <code className="text-xs" title={row.url}>{row.url}</code> },
          { id: 'robot', title: t('callbacks.robot'), cell: (row) => robotName(row.robotId) },
          { id: 'types', title: t('callbacks.types'), cell: (row) => row.types.map((type) => t(`deliveryKind.${type}`)).join('、') },
          {
            id: 'status',
            title: t('callbacks.status'),
            cell: (row) =>
              row.pausedSince ? (
                <span title={dateTime(row.pausedSince)}>
                  <Badge tone="bad" icon={CirclePause}>{t('callbacks.paused')}</Badge>
                </span>
              ) : (
                <Badge tone="ok" icon={CircleCheck}>{t('callbacks.working')}</Badge>
              ),
          },
          { id: 'success', title: t('callbacks.successRate'), cell: (row) => percent(row.successRate), isNumber: true },
          { id: 'p95', title: `${t('callbacks.p95')} (${t('callbacks.p95Hint')})`, cell: (row) => <span className={cn((row.p95Ms ?? 0) > LIMIT_MS * 0.8 && 'font-medium text-bad')}>{duration(row.p95Ms)}</span>, isNumber: true },
          { id: 'failures', title: t('callbacks.failures'), cell: (row) => count(row.consecutiveFailures), isNumber: true },
          { id: 'waiting', title: t('callbacks.waiting'), cell: (row) => count(row.waiting), isNumber: true },
          ...(mayReplay
            ? [
                {
                  id: 'actions',
                  title: t('shell.actions'),
                  cell: (row: EndpointView) => (
                    <span className="flex gap-2">
                      {row.pausedSince ? <Button size="sm" onClick={() => resume.mutate(row.id)}>{t('callbacks.resume')}</Button> : null}
                      <Button size="sm" onClick={() => setTested(row)}>{t('action.test')}</Button>
                    </span>
                  ),
                },
              ]
            : []),
        ]}
      />
      {tested ? <TestEvent endpoint={tested} onClose={() => setTested(null)} /> : null}
    </>
  )
}

function TestEvent({ endpoint, onClose }: { endpoint: EndpointView; onClose: () => void }) {
  const { t } = useTranslation()
  const filters = useFilters<'tab' | 'id'>()
  const test = useAction({
    run: () =>
      unwrap(
        client.POST('/api/callbacks/test', {
          params: { header: { 'Idempotency-Key': idempotencyKey() } },
          body: { robotId: endpoint.robotId ?? null, url: endpoint.url },
        }),
      ),
    changes: ['callbacks'],
    done: t('callbacks.tested'),
    onDone: (made) => {
      onClose()
      filters.set({ tab: 'deliveries', id: made.id })
    },
  })
  return (
    <Dialog isOpen onClose={onClose} title={t('callbacks.testTitle')} description={t('callbacks.testLead')}>
      <code className="text-xs break-all">{endpoint.url}</code>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>{t('action.cancel')}</Button>
        <Button variant="primary" disabled={test.isPending} onClick={() => test.mutate()}>
          {t('callbacks.test')}
        </Button>
      </div>
    </Dialog>
  )
}
