import { useEffect, type ReactNode } from 'react'

interface PageProps {
  title: string
  badge?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** Every page: its title, what is live about it, its first action, its content. */
export function Page({ title, badge, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · WorkBot`
  }, [title])
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-3 overflow-y-auto px-6 py-4" id="content">
      <header className="flex min-h-8 flex-wrap items-center gap-3">
        <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
        {badge}
        <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>
      </header>
      {children}
    </main>
  )
}

/** What narrows a list. */
export const FilterBar = ({ children, label }: { children: ReactNode; label: string }) => (
  <search aria-label={label} className="flex flex-wrap items-center gap-2 [&_input]:w-36 [&_select]:w-auto [&_select]:min-w-28">
    {children}
  </search>
)
