import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { cn } from '@/lib/classes'
import { useGroups } from './navigation'

export function Sidebar({ openAlerts }: { openAlerts: number }) {
  const { t } = useTranslation()
  const groups = useGroups()
  return (
    <aside className="flex w-14 shrink-0 flex-col border-r bg-sunken lg:w-52">
      <Link to="/" className="flex h-13 items-center gap-2.5 px-4 text-[15px] font-semibold tracking-tight">
        <img src="/icon.svg" alt="" className="size-6" />
        <span className="max-lg:hidden">WorkBot</span>
      </Link>
      <nav aria-label={t('nav.label')} className="flex-1 overflow-y-auto px-2 pb-4">
        {groups.map((group) => (
          <div key={group.label} className="mt-3 first:mt-1">
            <h2 className="px-2 pb-1 text-[11px] font-medium tracking-wide text-muted max-lg:hidden">{t(group.label)}</h2>
            <ul>
              {group.entries.map(({ to, label, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    activeOptions={{ exact: to === '/', includeSearch: false }}
                    title={t(label)}
                    className="flex h-8 items-center gap-2.5 rounded-md px-2 text-[13px] text-foreground/85 hover:bg-line/60"
                    activeProps={{ className: 'bg-surface font-medium text-accent shadow-xs ring-1 ring-line hover:bg-surface' }}
                  >
                    <Icon className="size-4 shrink-0" aria-hidden />
                    <span className="truncate max-lg:sr-only">{t(label)}</span>
                    {to === '/alerts' && openAlerts > 0 ? (
                      <span className={cn('ml-auto rounded-full bg-bad px-1.5 text-[11px] font-semibold text-white tabular-nums dark:text-background')}>{openAlerts}</span>
                    ) : null}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
    </aside>
  )
}
