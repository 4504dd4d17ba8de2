import { useTranslation } from 'react-i18next'
import { Page } from '@/components/ui/page'
import { Tabs } from '@/components/ui/tabs'
import { useFilters } from '@/lib/filters'
import { AlertList } from './AlertList'
import { Channels } from './Channels'
import { Rules } from './Rules'

const TABS = ['active', 'rules', 'history', 'channels'] as const

export function AlertsPage() {
  const { t } = useTranslation()
  const filters = useFilters<'tab'>()
  const tab = TABS.find((name) => name === filters.get('tab')) ?? 'active'
  const content = { active: <AlertList isHistory={false} />, rules: <Rules />, history: <AlertList isHistory />, channels: <Channels /> }
  return (
    <Page title={t('nav.alerts')}>
      <Tabs
        label={t('alerts.tabs')}
        value={tab}
        onChange={(next) => {
          filters.clear()
          if (next !== 'active') filters.set({ tab: next })
        }}
        tabs={TABS.map((id) => ({ id, label: t(`alerts.${id}`), content: content[id] }))}
      />
    </Page>
  )
}
