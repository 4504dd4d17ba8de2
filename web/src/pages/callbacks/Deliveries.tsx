import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { client, idempotencyKey, unwrap } from '@/api/client'
import type { DeliveryKind, DeliveryState } from '@/api/schema'
import { useMay } from '@/api/session'
import { RobotSelect, useRobotName } from '@/components/RobotSelect'
import { DeliveryBadge } from '@/components/status'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { Facts, Json } from '@/components/ui/card'
import { DataTable } from '@/components/ui/data-table'
import { Drawer } from '@/components/ui/dialog'
import { Select } from '@/components/ui/field'
import { FilterBar } from '@/components/ui/page'
import { Empty, ErrorState, Skeleton } from '@/components/ui/states'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'
import { clockTime, dateTime, duration } from '@/lib/format'

const STATES: readonly DeliveryState[] = ['pending', 'delivered', 'failed', 'dropped']
const KINDS: readonly DeliveryKind[] = ['message', 'result', 'group_qrcode', 'online', 'offline', 'friend', 'test']

export function Deliveries() {
  const { t } = useTranslation()
  const filters = useFilters<'robot' | 'state' | 'kind' | 'page' | 'id'>()
  const robotName = useRobotName()
  const page = pageOf(filters.get('page'))
  const robotId = filters.get('robot')
  const state = STATES.find((name) => name === filters.get('state'))
  const kind = KINDS.find((name) => name === filters.get('kind'))
  const query = useQuery({
    queryKey: ['callbacks', 'deliveries', robotId, state, kind, page],
    queryFn: () => unwrap(client.GET('/api/callbacks/deliveries', { params: { query: { robotId, state, kind, page, pageSize: PAGE_SIZE } } })),
    refetchInterval: 5_000,
  })
  const openId = filters.get('id')
  return (
    <>
      <FilterBar label={t('callbacks.filters')}>
        <RobotSelect value={robotId} onChange={(robot) => filters.set({ robot, page: undefined })} />
        <Select
          aria-label={t('callbacks.state')}
          value={state ?? ''}
          onChange={(event) => filters.set({ state: event.target.value, page: undefined })}
          options={[['', t('callbacks.allStates')], ...STATES.map((name) => [name, t(`deliveryState.${name}`)] as const)]}
        />
        <Select
          aria-label={t('callbacks.event')}
          value={kind ?? ''}
          onChange={(event) => filters.set({ kind: event.target.value, page: undefined })}
          options={[['', t('callbacks.allKinds')], ...KINDS.map((name) => [name, t(`deliveryKind.${name}`)] as const)]}
        />
      </FilterBar>
      <DataTable
        label={t('callbacks.deliveries')}
        query={query}
        rowKey={(row) => row.id}
        openKey={openId}
        onOpen={(row) => filters.set({ id: row.id })}
        page={page}
        onPage={(next) => filters.set({ page: String(next) })}
        empty={<Empty title={t('callbacks.emptyDeliveries')}>{t('callbacks.emptyDeliveriesHint')}</Empty>}
        columns={[
          { id: 'time', title: t('callbacks.time'), cell: (row) => dateTime(row.createdAt), className: 'tabular-nums whitespace-nowrap' },
          { id: 'event', title: t('callbacks.event'), cell: (row) => t(`deliveryKind.${row.kind}`) },
          { id: 'robot', title: t('callbacks.robot'), cell: (row) => robotName(row.robotId) },
          { id: 'state', title: t('callbacks.state'), cell: (row) => <DeliveryBadge state={row.state} /> },
          { id: 'code', title: t('callbacks.code'), cell: (row) => row.lastStatus ?? '—', isNumber: true },
          { id: 'attempts', title: t('callbacks.attempts'), cell: (row) => row.attempts, isNumber: true },
          { id: 'url', title: t('callbacks.url'), cell: (row) => <code className="text-xs">{row.url}</code> },
          { id: 'error', title: t('callbacks.error'), cell: (row) => row.lastError ?? '—' },
        ]}
      />
      {openId ? <DeliveryDrawer id={openId} onClose={() => filters.set({ id: undefined })} /> : null}
    </>
  )
}

function DeliveryDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation()
  const robotName = useRobotName()
  const mayReplay = useMay('replay')
  const delivery = useQuery({
    queryKey: ['callbacks', 'delivery', id],
    queryFn: () => unwrap(client.GET('/api/callbacks/deliveries/{id}', { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data?.state === 'pending' ? 1_000 : false),
  })
  const replay = useAction({
    run: () => unwrap(client.POST('/api/callbacks/deliveries/{id}/replay', { params: { path: { id }, header: { 'Idempotency-Key': idempotencyKey() } } })),
    changes: ['callbacks'],
    done: t('callbacks.replayed'),
  })
  const data = delivery.data
  return (
    <Drawer isOpen onClose={onClose} title={t('callbacks.detail')} description={id}>
      {delivery.isPending ? (
        <Skeleton rows={6} />
      ) : delivery.isError ? (
        <ErrorState error={delivery.error} onRetry={() => void delivery.refetch()} />
      ) : data ? (
        <div className="flex flex-col gap-4">
          <Facts
            rows={[
              [t('callbacks.state'), <DeliveryBadge key="state" state={data.state} />],
              [t('callbacks.event'), t(`deliveryKind.${data.kind}`)],
              [t('callbacks.robot'), robotName(data.robotId)],
              [t('callbacks.url'), <code key="url" className="text-xs break-all">{data.url}</code>],
              [t('callbacks.attempts'), data.attempts],
              [t('callbacks.next'), dateTime(data.dueAt)],
              [t('callbacks.error'), data.lastError],
              [t('callbacks.replayOf'), data.replayOf],
            ]}
          />
          {mayReplay ? (
            <Button size="sm" className="self-start" disabled={replay.isPending} onClick={() => replay.mutate()}>
              {t('callbacks.replay')}
            </Button>
          ) : null}
          <h3 className="text-[13px] font-semibold">{t('callbacks.history')}</h3>
          <ol className="flex flex-col gap-3 border-l pl-4">
            {data.history.map((attempt) => (
              <li key={attempt.attempt} className="text-[13px]">
                <span className="text-muted tabular-nums">{clockTime(attempt.createdAt)}</span> · {attempt.status ?? attempt.error ?? '—'} · {duration(attempt.durationMs)}
                {attempt.response ? <pre className="mt-1 max-h-40 overflow-auto rounded-md border bg-sunken p-2 text-xs break-all whitespace-pre-wrap">{attempt.response}</pre> : null}
              </li>
            ))}
          </ol>
          <h3 className="text-[13px] font-semibold">{t('callbacks.body')}</h3>
          <Json value={data.body} />
        </div>
      ) : null}
    </Drawer>
  )
}
