import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { Dialog as Radix } from 'radix-ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import { usePreferences } from '@/lib/preferences'
import { useGroups } from './navigation'

const ITEM = 'flex h-9 items-center gap-2 rounded-md px-2.5 text-[13px] data-[selected=true]:bg-accent-soft'
const HEADING = '[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted'

/** Every page, robot and setting by its name. */
export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const groups = useGroups()
  const [text, setText] = useState('')
  const { theme, setTheme, language, setLanguage } = usePreferences()
  const robots = useQuery({
    queryKey: ['palette', text],
    queryFn: () => unwrap(client.GET('/api/robots', { params: { query: { q: text, pageSize: 8 } } })),
    enabled: text.length > 0,
  })
  const run = (action: () => void) => () => {
    action()
    setText('')
    onClose()
  }
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/35" />
        <Radix.Content aria-describedby={undefined} className="fixed top-[14vh] left-1/2 z-50 w-[min(94vw,36rem)] -translate-x-1/2 overflow-hidden rounded-lg border bg-surface shadow-2xl">
          <Radix.Title className="sr-only">{t('shell.palette')}</Radix.Title>
          <Command label={t('shell.palette')}>
            <Command.Input value={text} onValueChange={setText} placeholder={t('shell.searchHint')} className="h-12 w-full border-b bg-transparent px-4 outline-none placeholder:text-muted" />
            <Command.List className="max-h-96 overflow-y-auto p-2">
              <Command.Empty className="px-3 py-6 text-center text-[13px] text-muted">{t('shell.nothing')}</Command.Empty>
              <Command.Group heading={t('shell.pages')} className={HEADING}>
                {groups
                  .flatMap((group) => group.entries)
                  .map(({ to, label, icon: Icon }) => (
                    <Command.Item key={to} value={`${t(label)} ${to}`} onSelect={run(() => void navigate({ to }))} className={ITEM}>
                      <Icon className="size-4 text-muted" aria-hidden />
                      {t(label)}
                    </Command.Item>
                  ))}
              </Command.Group>
              {robots.data && robots.data.list.length > 0 ? (
                <Command.Group heading={t('shell.robots')} className={HEADING} forceMount>
                  {robots.data.list.map((robot) => (
                    <Command.Item key={robot.robotId} forceMount value={robot.robotId} onSelect={run(() => void navigate({ to: '/robots', search: { id: robot.robotId } as never }))} className={ITEM}>
                      {robot.name} <span className="text-xs text-muted">{robot.robotId}</span>
                    </Command.Item>
                  ))}
                </Command.Group>
              ) : null}
              <Command.Group heading={t('shell.actions')} className={HEADING}>
                <Command.Item onSelect={run(() => setTheme(theme === 'dark' ? 'light' : 'dark'))} className={ITEM}>
                  {t('shell.theme')}: {t(theme === 'dark' ? 'shell.light' : 'shell.dark')}
                </Command.Item>
                <Command.Item onSelect={run(() => setLanguage(language === 'zh' ? 'en' : 'zh'))} className={ITEM}>
                  {t('shell.language')}: {language === 'zh' ? 'English' : '中文'}
                </Command.Item>
              </Command.Group>
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
