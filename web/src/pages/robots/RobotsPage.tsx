import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import type { RobotKind } from '@/api/schema'
import { useMay } from '@/api/session'
import { RobotBadge } from '@/components/status'
import { Button } from '@/components/ui/button'
import { DataTable } from '@/components/ui/data-table'
import { Select } from '@/components/ui/field'
import { FilterBar, Page } from '@/components/ui/page'
import { SearchInput } from '@/components/ui/search-input'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'
import { count, dateTime, sinceNow } from '@/lib/format'
import { CreateRobot } from './CreateRobot'
import { RobotDrawer } from './RobotDrawer'
import { deviceText } from './device'

const KINDS: readonly RobotKind[] = ['native', 'worktool', 'worktool_cloud']

export function RobotsPage() {
  const { t } = useTranslation()
  const filters = useFilters<'q' | 'kind' | 'page' | 'id'>()
  const [isCreating, setCreating] = useState(false)
  const mayCreate = useMay('robots')
  const mayMakeCodes = useMay('codes')
  const page = pageOf(filters.get('page'))
  const q = filters.get('q')
  const kind = KINDS.find((name) => name === filters.get('kind'))
  const query = useQuery({
    queryKey: ['robots', q, kind, page],
    queryFn: () => unwrap(client.GET('/api/robots', { params: { query: { q, kind, page, pageSize: PAGE_SIZE } } })),
    refetchInterval: 10_000,
  })
  const openId = filters.get('id')
  return (
    <Page
      title={t('nav.robots')}
      actions={
        mayCreate ? (
          <Button variant="primary" onClick={() => setCreating(true)}>
            <Plus /> {t('robots.create')}
          </Button>
        ) : null
      }
    >
      <FilterBar label={t('robots.filters')}>
        <SearchInput label={t('robots.search')} value={q} onChange={(value) => filters.set({ q: value, page: undefined })} className="!w-56" />
        <Select
          aria-label={t('robots.kind')}
          value={kind ?? ''}
          onChange={(event) => filters.set({ kind: event.target.value, page: undefined })}
          options={[['', t('robots.allKinds')], ...KINDS.map((name) => [name, t(`robotKind.${name}`)] as const)]}
        />
      </FilterBar>
      <DataTable
        label={t('robots.rows')}
        query={query}
        rowKey={(row) => row.robotId}
        openKey={openId}
        onOpen={(row) => filters.set({ id: row.robotId })}
        page={page}
        onPage={(next) => filters.set({ page: String(next) })}
        empty={
          q || kind ? (
            <Empty title={t('robots.emptyNarrowed')} action={<Button onClick={filters.clear}>{t('action.reset')}</Button>} />
          ) : (
            <Empty
              title={t('robots.emptyTitle')}
              action={
                mayMakeCodes ? (
                  <Button asChild variant="primary">
                    <Link to="/codes">{t('business.toCodes')}</Link>
                  </Button>
                ) : null
              }
            >
              {t('robots.emptyHint')}
            </Empty>
          )
        }
        columns={[
          { id: 'name', title: t('robots.name'), cell: (row) => <span className="font-medium">{row.name}</span> },
          { id: 'status', title: t('robots.status'), cell: (row) => <RobotBadge status={row.status} isEnabled={row.enabled} /> },
          { id: 'kind', title: t('robots.kind'), cell: (row) => t(`robotKind.${row.kind}`) },
          { id: 'device', title: t('robots.device'), cell: (row) => deviceText(row.deviceInfo) },
          { id: 'group', title: t('robots.group'), cell: (row) => row.robotGroup ?? '—' },
          { id: 'queued', title: t('robots.queued'), cell: (row) => count(row.queued), isNumber: true },
          { id: 'seen', title: t('robots.lastSeen'), cell: (row) => <span title={dateTime(row.lastSeenAt)}>{sinceNow(row.lastSeenAt)}</span>, isNumber: true },
          { id: 'service', title: t('robots.service'), cell: (row) => dateTime(row.serviceExpiresAt).slice(0, 10), className: 'tabular-nums' },
        ]}
      />
      {openId ? <RobotDrawer id={openId} onClose={() => filters.set({ id: undefined })} /> : null}
      {isCreating ? <CreateRobot onClose={() => setCreating(false)} /> : null}
    </Page>
  )
}
