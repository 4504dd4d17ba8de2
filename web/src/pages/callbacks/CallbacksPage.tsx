import { useTranslation } from 'react-i18next'
import { Page } from '@/components/ui/page'
import { Tabs } from '@/components/ui/tabs'
import { useFilters } from '@/lib/filters'
import { Deliveries } from './Deliveries'
import { Endpoints } from './Endpoints'

export function CallbacksPage() {
  const { t } = useTranslation()
  const filters = useFilters<'tab' | 'id'>()
  return (
    <Page title={t('nav.callbacks')}>
      <Tabs
        label={t('nav.callbacks')}
        value={filters.get('tab') === 'deliveries' ? 'deliveries' : 'endpoints'}
        onChange={(tab) => {
          filters.clear()
          if (tab === 'deliveries') filters.set({ tab })
        }}
        tabs={[
          { id: 'endpoints', label: t('callbacks.endpoints'), content: <Endpoints /> },
          { id: 'deliveries', label: t('callbacks.deliveries'), content: <Deliveries /> },
        ]}
      />
    </Page>
  )
}
