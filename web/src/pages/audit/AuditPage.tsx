import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import { Facts, Json } from '@/components/ui/card'
import { DataTable } from '@/components/ui/data-table'
import { Drawer } from '@/components/ui/dialog'
import { FilterBar, Page } from '@/components/ui/page'
import { SearchInput } from '@/components/ui/search-input'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'
import { dateTime } from '@/lib/format'

export function AuditPage() {
  const { t } = useTranslation()
  const filters = useFilters<'actor' | 'action' | 'object' | 'page' | 'id'>()
  const page = pageOf(filters.get('page'))
  const narrowing = { actor: filters.get('actor'), action: filters.get('action'), object: filters.get('object') }
  const query = useQuery({
    queryKey: ['audit', narrowing, page],
    queryFn: () => unwrap(client.GET('/api/admin/audit-logs', { params: { query: { ...narrowing, page, pageSize: PAGE_SIZE } } })),
  })
  const openId = filters.get('id')
  const open = query.data?.list.find((row) => String(row.seq) === openId)
  return (
    <Page title={t('nav.audit')}>
      <FilterBar label={t('audit.filters')}>
        {(['actor', 'action', 'object'] as const).map((name) => (
          <SearchInput key={name} label={t(`audit.${name}`)} value={filters.get(name)} onChange={(value) => filters.set({ [name]: value, page: undefined })} />
        ))}
      </FilterBar>
      <DataTable
        label={t('audit.rows')}
        query={query}
        rowKey={(row) => String(row.seq)}
        openKey={openId}
        onOpen={(row) => filters.set({ id: String(row.seq) })}
        page={page}
        onPage={(next) => filters.set({ page: String(next) })}
        empty={<Empty title={t('audit.emptyTitle')}>{t('audit.emptyHint')}</Empty>}
        columns={[
          { id: 'time', title: t('audit.time'), cell: (row) => dateTime(row.createdAt), className: 'tabular-nums whitespace-nowrap' },
          { id: 'actor', title: t('audit.actor'), cell: (row) => row.actor },
          { id: 'action', title: t('audit.action'), cell: (row) => <code className="text-xs">{row.action}</code> },
          { id: 'object', title: t('audit.object'), cell: (row) => row.object },
          { id: 'address', title: t('audit.address'), cell: (row) => row.address ?? '—' },
        ]}
      />
      {open ? (
        <Drawer isOpen onClose={() => filters.set({ id: undefined })} title={t('audit.detail')} description={dateTime(open.createdAt)}>
          <div className="flex flex-col gap-4">
            <Facts
              rows={[
                [t('audit.actor'), open.actor],
                [t('audit.action'), open.action],
                [t('audit.object'), open.object],
                [t('audit.address'), open.address],
                [t('audit.request'), open.requestId],
              ]}
            />
            <Json value={open.detail} />
          </div>
        </Drawer>
      ) : null}
    </Page>
  )
}
