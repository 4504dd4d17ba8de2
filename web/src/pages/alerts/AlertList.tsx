import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import type { AlertLevel, AlertStatus } from '@/api/schema'
import { useRobotName } from '@/components/RobotSelect'
import { AlertBadge, LevelBadge } from '@/components/status'
import { DataTable } from '@/components/ui/data-table'
import { Select } from '@/components/ui/field'
import { FilterBar } from '@/components/ui/page'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'
import { count, dateTime } from '@/lib/format'
import { AlertDrawer } from './AlertDrawer'
import { useAlertName } from './useAlertName'

const LEVELS: readonly AlertLevel[] = ['critical', 'warning', 'info']
const OPEN: readonly AlertStatus[] = ['active', 'acknowledged']

/** Alerts that wait for somebody, or those of the past. */
export function AlertList({ isHistory }: { isHistory: boolean }) {
  const { t } = useTranslation()
  const filters = useFilters<'level' | 'status' | 'page' | 'id'>()
  const robotName = useRobotName()
  const alertName = useAlertName()
  const page = pageOf(filters.get('page'))
  const level = LEVELS.find((name) => name === filters.get('level'))
  const status: AlertStatus = isHistory ? 'resolved' : (OPEN.find((name) => name === filters.get('status')) ?? 'active')
  const query = useQuery({
    queryKey: ['alerts', status, level, page],
    queryFn: () => unwrap(client.GET('/api/alerts', { params: { query: { status, level, page, pageSize: PAGE_SIZE } } })),
  })
  const openId = filters.get('id')
  return (
    <>
      <FilterBar label={t('alerts.filters')}>
        <Select
          aria-label={t('alerts.level')}
          value={level ?? ''}
          onChange={(event) => filters.set({ level: event.target.value, page: undefined })}
          options={[['', t('alerts.allLevels')], ...LEVELS.map((name) => [name, t(`alertLevel.${name}`)] as const)]}
        />
        {isHistory ? null : (
          <Select
            aria-label={t('alerts.status')}
            value={status}
            onChange={(event) => filters.set({ status: event.target.value, page: undefined })}
            options={OPEN.map((name) => [name, t(`alertStatus.${name}`)] as const)}
          />
        )}
      </FilterBar>
      <DataTable
        label={t(isHistory ? 'alerts.history' : 'alerts.active')}
        query={query}
        rowKey={(row) => row.id}
        openKey={openId}
        onOpen={(row) => filters.set({ id: row.id })}
        page={page}
        onPage={(next) => filters.set({ page: String(next) })}
        empty={isHistory ? <Empty title={t('alerts.emptyHistory')} /> : <Empty title={t('alerts.emptyActive')}>{t('alerts.emptyActiveHint')}</Empty>}
        columns={[
          { id: 'level', title: t('alerts.level'), cell: (row) => <LevelBadge level={row.level} /> },
          { id: 'code', title: t('alerts.code'), cell: (row) => <span className="font-medium">{alertName(row.code)}</span> },
          { id: 'object', title: t('alerts.object'), cell: (row) => (row.robotId ? robotName(row.robotId) : t('alerts.system')) },
          { id: 'count', title: t('alerts.count'), cell: (row) => `×${count(row.count)}`, isNumber: true },
          { id: 'first', title: t('alerts.first'), cell: (row) => dateTime(row.firstAt), className: 'tabular-nums whitespace-nowrap' },
          { id: 'last', title: t('alerts.last'), cell: (row) => dateTime(row.lastAt), className: 'tabular-nums whitespace-nowrap' },
          { id: 'status', title: t('alerts.status'), cell: (row) => <AlertBadge status={row.status} /> },
        ]}
      />
      {openId ? <AlertDrawer id={openId} onClose={() => filters.set({ id: undefined })} /> : null}
    </>
  )
}
