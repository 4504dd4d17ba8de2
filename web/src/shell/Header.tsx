import { Languages, Moon, Search, Sun, SunMoon, UserRound } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { call } from '@/api/client'
import { useUser } from '@/api/session'
import { Button } from '@/components/ui/button'
import { Menu } from '@/components/ui/menu'
import { feed } from '@/live/connection'
import { usePreferences, type Theme } from '@/lib/preferences'
import { LiveBadge } from './LiveBadge'

const THEMES = { light: Sun, dark: Moon, system: SunMoon } as const
const THEME_ORDER: readonly Theme[] = ['light', 'dark', 'system']

export function Header({ onSearch, onKeys }: { onSearch: () => void; onKeys: () => void }) {
  const { t } = useTranslation()
  const user = useUser().data
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { theme, setTheme, language, setLanguage, hasKeys, setKeys } = usePreferences()
  const shownName = user ? (user.name ?? user.phone) : ''
  const ThemeIcon = THEMES[theme]
  const logout = async () => {
    await call('POST', '/api/user/logout').catch(() => null)
    feed.stop()
    queries.clear()
    await navigate({ to: '/login' })
  }
  return (
    <header className="flex h-13 shrink-0 items-center gap-2 border-b bg-surface px-6">
      <button
        type="button"
        onClick={onSearch}
        className="flex h-8 w-64 max-w-[40vw] items-center gap-2 rounded-md border bg-sunken px-2.5 text-[13px] text-muted hover:border-line-strong"
      >
        <Search className="size-4" aria-hidden />
        <span className="truncate">{t('shell.search')}</span>
        <kbd className="ml-auto rounded border bg-surface px-1 font-sans text-[11px]">Ctrl K</kbd>
      </button>
      <div className="ml-auto flex items-center gap-1">
        <LiveBadge />
        <Button
          variant="ghost"
          size="icon"
          className="ml-2"
          aria-label={`${t('shell.theme')}: ${t(`shell.${theme}`)}`}
          onClick={() => setTheme(THEME_ORDER[(THEME_ORDER.indexOf(theme) + 1) % THEME_ORDER.length] ?? 'system')}
        >
          <ThemeIcon />
        </Button>
        <Button variant="ghost" size="sm" title={`${t('shell.language')}: ${language === 'zh' ? 'English' : '中文'}`} onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}>
          <Languages />
          {language === 'zh' ? '中文' : 'EN'}
        </Button>
        <Menu
          trigger={
            <Button variant="ghost" aria-label={`${t('shell.account')} ${shownName}`}>
              <UserRound />
              <span className="max-md:hidden">{shownName}</span>
            </Button>
          }
          header={user ? `${user.phone} · ${t(`role.${user.role}`)}` : undefined}
          items={[
            { label: t('shell.keyList'), onSelect: onKeys },
            { label: `${t('shell.keysOn')} ${hasKeys ? '✓' : ''}`, onSelect: () => setKeys(!hasKeys) },
            { label: t('shell.logout'), onSelect: () => void logout() },
          ]}
        />
      </div>
    </header>
  )
}
