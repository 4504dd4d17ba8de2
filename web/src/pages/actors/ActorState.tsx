import { CircleCheck, CirclePause, CircleX, RefreshCw, ShieldAlert, TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ActorSnapshot } from '@/api/schema'
import { Badge } from '@/components/ui/badge'
import { cn } from '@/lib/classes'
import { fillOf, pressureOf } from './tree'

const LOOKS = {
  starting: ['info', RefreshCw],
  running: ['ok', CircleCheck],
  restarting: ['warn', RefreshCw],
  stopped: ['plain', CirclePause],
  failed: ['bad', CircleX],
} as const

export function ActorState({ actor }: { actor: ActorSnapshot }) {
  const { t } = useTranslation()
  const [tone, icon] = LOOKS[actor.state]
  return (
    <span className="inline-flex gap-1 align-middle">
      <Badge tone={tone} icon={icon}>{t(`actorState.${actor.state}`)}</Badge>
      {actor.breaker && actor.breaker !== 'closed' ? (
        <Badge tone={actor.breaker === 'open' ? 'bad' : 'warn'} icon={actor.breaker === 'open' ? ShieldAlert : TriangleAlert}>
          {t(`breaker.${actor.breaker}`)}
        </Badge>
      ) : null}
    </span>
  )
}

const BARS = { ok: 'bg-ok/60', warn: 'bg-warn', bad: 'bg-bad' }

export function Mailbox({ actor }: { actor: ActorSnapshot }) {
  const fill = fillOf(actor)
  return (
    <span className="inline-flex items-center gap-2 align-middle tabular-nums">
      <span className="h-1.5 w-16 overflow-hidden rounded-full bg-line" aria-hidden>
        <span className={cn('block h-full rounded-full transition-[width] duration-300', BARS[pressureOf(fill)])} style={{ width: `${Math.min(100, fill * 100)}%` }} />
      </span>
      {actor.mailbox.depth}/{actor.mailbox.capacity}
    </span>
  )
}
