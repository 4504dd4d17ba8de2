import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { isUnknownRoute, listExecutions } from '@/api/executions'
import { RobotSelect, useRobotName } from '@/components/RobotSelect'
import { RunBadge } from '@/components/status'
import { Button } from '@/components/ui/button'
import { DataTable } from '@/components/ui/data-table'
import { Drawer } from '@/components/ui/dialog'
import { Select } from '@/components/ui/field'
import { FilterBar, Page } from '@/components/ui/page'
import { SearchInput } from '@/components/ui/search-input'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'
import { count, dateTime, duration } from '@/lib/format'
import { RunDetail } from '../ai/RunDetail'

const STATUSES = ['running', 'waiting', 'completed', 'failed'] as const

/** Every run of a flow that is kept, with its nodes and errors. */
export function FlowsPage() {
  const { t } = useTranslation()
  const filters = useFilters<'robot' | 'status' | 'message' | 'page' | 'id'>()
  const robotName = useRobotName()
  const page = pageOf(filters.get('page'))
  const robotId = filters.get('robot')
  const messageId = filters.get('message')
  const status = STATUSES.find((name) => name === filters.get('status'))
  const query = useQuery({
    queryKey: ['executions', robotId, status, messageId, page],
    queryFn: async () => {
      try {
        return await listExecutions({ robotId, status, messageId, page, pageSize: PAGE_SIZE })
      } catch (error) {
        if (isUnknownRoute(error)) return { total: 0, list: [] }
        throw error
      }
    },
    refetchInterval: 5_000,
  })
  const openId = filters.get('id')
  const isNarrowed = Boolean(robotId ?? messageId ?? status)
  return (
    <Page title={t('nav.flows')}>
      <FilterBar label={t('flows.filters')}>
        <RobotSelect value={robotId} onChange={(robot) => filters.set({ robot, page: undefined })} />
        <Select
          aria-label={t('ai.status')}
          value={status ?? ''}
          onChange={(event) => filters.set({ status: event.target.value, page: undefined })}
          options={[['', t('business.allStatus')], ...STATUSES.map((name) => [name, t(`runStatus.${name}`)] as const)]}
        />
        <SearchInput label={t('business.messageId')} value={messageId} onChange={(message) => filters.set({ message, page: undefined })} className="!w-56" />
        {isNarrowed ? <Button variant="ghost" onClick={filters.clear}>{t('action.reset')}</Button> : null}
      </FilterBar>
      <DataTable
        label={t('flows.rows')}
        query={query}
        rowKey={(row) => row.id}
        openKey={openId}
        onOpen={(row) => filters.set({ id: row.id })}
        page={page}
        onPage={(next) => filters.set({ page: String(next) })}
        empty={isNarrowed ? <Empty title={t('flows.emptyNarrowed')} action={<Button onClick={filters.clear}>{t('action.reset')}</Button>} /> : <Empty title={t('flows.emptyTitle')}>{t('flows.emptyHint')}</Empty>}
        columns={[
          { id: 'started', title: t('flows.from'), cell: (row) => dateTime(row.startedAt), className: 'tabular-nums whitespace-nowrap' },
          { id: 'flow', title: t('ai.flow'), cell: (row) => <span className="font-medium">{row.flowId}</span> },
          { id: 'version', title: t('flows.version'), cell: (row) => (row.flowVersion ? `v${row.flowVersion}` : '—') },
          { id: 'robot', title: t('ai.robot'), cell: (row) => robotName(row.robotId) },
          { id: 'status', title: t('ai.status'), cell: (row) => <RunBadge status={row.status} /> },
          { id: 'took', title: t('ai.took'), cell: (row) => duration(row.durationMs), isNumber: true },
          { id: 'tokens', title: 'Token', cell: (row) => count(row.tokens), isNumber: true },
          { id: 'error', title: t('ai.error'), cell: (row) => row.error ?? row.errorCode ?? '—' },
        ]}
      />
      {openId ? (
        <Drawer isOpen onClose={() => filters.set({ id: undefined })} title={t('flows.detail')} description={openId} className="w-[min(100vw,40rem)]">
          <RunDetail id={openId} />
        </Drawer>
      ) : null}
    </Page>
  )
}
