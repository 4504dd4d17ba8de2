import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import { RobotBadge } from '@/components/status'
import { DataTable } from '@/components/ui/data-table'
import { Drawer } from '@/components/ui/dialog'
import { Page } from '@/components/ui/page'
import { Empty } from '@/components/ui/states'
import { Tabs } from '@/components/ui/tabs'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'
import { count, duration } from '@/lib/format'
import { CommandTable } from './CommandTable'
import { FailedCommands } from './FailedCommands'

export function QueuePage() {
  const { t } = useTranslation()
  const filters = useFilters<'tab' | 'page' | 'id'>()
  const page = pageOf(filters.get('page'))
  const query = useQuery({
    queryKey: ['queue', page],
    queryFn: () => unwrap(client.GET('/api/offline-queue', { params: { query: { page, pageSize: PAGE_SIZE } } })),
    refetchInterval: 5_000,
  })
  const openId = filters.get('id')
  const open = query.data?.list.find((row) => row.robotId === openId)
  return (
    <Page title={t('nav.queue')}>
      <Tabs
        label={t('nav.queue')}
        value={filters.get('tab') === 'failed' ? 'failed' : 'waiting'}
        onChange={(tab) => filters.set({ tab: tab === 'failed' ? tab : undefined, page: undefined })}
        tabs={[
          {
            id: 'waiting',
            label: t('queue.waiting'),
            content: (
              <DataTable
                label={t('queue.rows')}
                query={query}
                rowKey={(row) => row.robotId}
                openKey={openId}
                onOpen={(row) => filters.set({ id: row.robotId })}
                page={page}
                onPage={(next) => filters.set({ page: String(next) })}
                empty={<Empty title={t('queue.emptyTitle')}>{t('queue.emptyHint')}</Empty>}
                columns={[
                  { id: 'robot', title: t('queue.robot'), cell: (row) => <span className="font-medium">{row.name ?? row.robotId}</span> },
                  { id: 'status', title: t('robots.status'), cell: (row) => <RobotBadge status={row.status} /> },
                  { id: 'depth', title: t('queue.depth'), cell: (row) => count(row.depth), isNumber: true },
                  { id: 'oldest', title: t('queue.oldest'), cell: (row) => duration(row.oldestAgeSecs * 1_000), isNumber: true },
                ]}
              />
            ),
          },
          { id: 'failed', label: t('queue.failures'), content: <FailedCommands /> },
        ]}
      />
      {openId ? (
        <Drawer isOpen onClose={() => filters.set({ id: undefined })} title={open?.name ?? openId} description={t('queue.commands')} className="w-[min(100vw,42rem)]">
          <div className="flex flex-col gap-3">
            <CommandTable robotId={openId} fixedState="queued" />
          </div>
        </Drawer>
      ) : null}
    </Page>
  )
}
