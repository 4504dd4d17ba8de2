import type { ReactNode } from 'react'
import { cn } from '@/lib/classes'
import { TONE_TINT, type Tone } from './badge'

export function Card({ title, actions, className, children }: { title?: ReactNode; actions?: ReactNode; className?: string; children: ReactNode }) {
  return (
    <section className={cn('flex min-w-0 flex-col rounded-lg border bg-surface', className)}>
      {title ? (
        <header className="flex items-center gap-2 border-b px-4 py-2.5">
          <h2 className="text-[13px] font-semibold">{title}</h2>
          <div className="ml-auto flex items-center gap-2">{actions}</div>
        </header>
      ) : null}
      {children}
    </section>
  )
}

/** One number with its name; a tone only where it says that something is wrong. */
export function StatTile({ label, value, hint, tone }: { label: string; value: ReactNode; hint?: ReactNode; tone?: Tone | undefined }) {
  return (
    <div className="flex min-w-28 flex-1 flex-col gap-0.5 px-4 py-2.5">
      <span className="text-xs text-muted">{label}</span>
      <span className={cn('text-lg leading-tight font-semibold tabular-nums', tone && tone !== 'plain' && TONE_TINT[tone].split(' ')[1])}>{value}</span>
      {hint ? <span className="text-xs text-muted">{hint}</span> : null}
    </div>
  )
}

/** Tiles in one line. */
export const StatStrip = ({ children }: { children: ReactNode }) => (
  <div className="flex flex-wrap divide-x rounded-lg border bg-surface">{children}</div>
)

/** Names and values of one thing. */
export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[7.5rem_1fr] gap-x-3 gap-y-2 text-[13px]">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value === null || value === undefined || value === '' ? '—' : value}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Json({ value }: { value: unknown }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <pre tabIndex={0} className="max-h-96 overflow-auto rounded-md border bg-sunken p-3 font-mono text-xs whitespace-pre-wrap break-all">
      {JSON.stringify(value, null, 2)}
    </pre>
  )
}
