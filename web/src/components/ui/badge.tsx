import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from '@/lib/classes'

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'plain'

export const TONE_TINT: Record<Tone, string> = {
  ok: 'bg-ok/12 text-ok',
  warn: 'bg-warn/12 text-warn',
  bad: 'bg-bad/12 text-bad',
  info: 'bg-info/12 text-info',
  plain: 'bg-sunken text-muted',
}

/** A state: always a word and a sign, never colour alone. */
export function Badge({ tone = 'plain', icon: Icon, className, children }: { tone?: Tone; icon?: LucideIcon; className?: string; children: ReactNode }) {
  return (
    <span className={cn('inline-flex items-center gap-1 rounded px-1.5 align-middle py-px text-xs font-medium whitespace-nowrap', TONE_TINT[tone], className)}>
      {Icon ? <Icon className="size-3.5" aria-hidden /> : <span className="size-1.5 rounded-full bg-current" aria-hidden />}
      {children}
    </span>
  )
}
