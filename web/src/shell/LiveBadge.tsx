import { Radio, RefreshCw, WifiOff } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Badge } from '@/components/ui/badge'
import type { Connection } from '@/live/feed'
import { useConnection } from '@/live/connection'

const LOOKS = {
  live: ['ok', Radio],
  connecting: ['plain', RefreshCw],
  lost: ['warn', RefreshCw],
  off: ['plain', WifiOff],
  ended: ['bad', WifiOff],
} as const satisfies Record<Connection, unknown>

/** Whether what is shown is live. */
export function LiveBadge() {
  const { t } = useTranslation()
  const connection = useConnection()
  const [tone, icon] = LOOKS[connection]
  return (
    <span role="status" aria-live="polite">
      <Badge tone={tone} icon={icon}>
        {t(`shell.${connection}`)}
      </Badge>
    </span>
  )
}
