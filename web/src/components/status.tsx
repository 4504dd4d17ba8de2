import { CheckCheck, CircleAlert, CircleCheck, CircleDashed, CirclePause, CircleX, Clock, Hourglass, Inbox, Loader, Power, PowerOff, Send, TriangleAlert, type LucideIcon } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { AlertLevel, AlertStatus, CodeStatus, CommandState, DeliveryState, FeedStatus, RobotStatus } from '@/api/schema'
import { Badge, type Tone } from './ui/badge'

type Look = readonly [Tone, LucideIcon]

const FEED: Record<FeedStatus, Look> = {
  received: ['plain', Inbox],
  processing: ['info', Loader],
  replied: ['ok', CheckCheck],
  sent: ['ok', Send],
  failed: ['bad', CircleX],
  queued: ['warn', Hourglass],
}
const COMMAND: Record<CommandState, Look> = {
  queued: ['warn', Hourglass],
  sent: ['info', Send],
  confirmed: ['info', CircleCheck],
  succeeded: ['ok', CheckCheck],
  partial: ['warn', TriangleAlert],
  failed: ['bad', CircleX],
  expired: ['bad', Clock],
  cancelled: ['plain', CirclePause],
  unknown: ['warn', CircleDashed],
}
const ROBOT: Record<RobotStatus, Look> = { online: ['ok', Power], busy: ['warn', Loader], offline: ['plain', PowerOff] }
const CODE: Record<CodeStatus, Look> = {
  unused: ['info', CircleDashed],
  active: ['ok', CircleCheck],
  expired: ['warn', Clock],
  disabled: ['plain', CircleX],
  unknown: ['plain', CircleDashed],
}
const DELIVERY: Record<DeliveryState, Look> = {
  pending: ['info', Hourglass],
  delivered: ['ok', CheckCheck],
  failed: ['bad', CircleX],
  dropped: ['warn', TriangleAlert],
}
const LEVEL: Record<AlertLevel, Look> = { critical: ['bad', CircleAlert], warning: ['warn', TriangleAlert], info: ['info', CircleDashed] }
const ALERT: Record<AlertStatus, Look> = { active: ['bad', CircleAlert], acknowledged: ['warn', Hourglass], resolved: ['ok', CircleCheck] }
const RUN: Record<string, Look> = {
  running: ['info', Loader],
  waiting: ['warn', Hourglass],
  completed: ['ok', CircleCheck],
  failed: ['bad', CircleX],
  skipped: ['plain', CirclePause],
}

const Shown = ({ look: [tone, icon], text }: { look: Look; text: string }) => (
  <Badge tone={tone} icon={icon}>
    {text}
  </Badge>
)

export function FeedBadge({ status }: { status: FeedStatus }) {
  const { t } = useTranslation()
  return <Shown look={FEED[status]} text={t(`feedStatus.${status}`)} />
}
export function CommandBadge({ state }: { state: CommandState }) {
  const { t } = useTranslation()
  return <Shown look={COMMAND[state]} text={t(`commandState.${state}`)} />
}
export function RobotBadge({ status, isEnabled = true }: { status: RobotStatus; isEnabled?: boolean }) {
  const { t } = useTranslation()
  return isEnabled ? <Shown look={ROBOT[status]} text={t(`robotStatus.${status}`)} /> : <Shown look={['warn', CirclePause]} text={t('robots.disabled')} />
}
export function CodeBadge({ status }: { status: CodeStatus }) {
  const { t } = useTranslation()
  return <Shown look={CODE[status]} text={t(`codeStatus.${status}`)} />
}
export function DeliveryBadge({ state }: { state: DeliveryState }) {
  const { t } = useTranslation()
  return <Shown look={DELIVERY[state]} text={t(`deliveryState.${state}`)} />
}
export function LevelBadge({ level }: { level: AlertLevel }) {
  const { t } = useTranslation()
  return <Shown look={LEVEL[level]} text={t(`alertLevel.${level}`)} />
}
export function AlertBadge({ status }: { status: AlertStatus }) {
  const { t } = useTranslation()
  return <Shown look={ALERT[status]} text={t(`alertStatus.${status}`)} />
}

export type RunStatus = 'running' | 'waiting' | 'completed' | 'failed' | 'skipped'
const isRunStatus = (status: string): status is RunStatus => status in RUN

export function RunBadge({ status }: { status: string }) {
  const { t } = useTranslation()
  return <Shown look={RUN[status] ?? ['plain', CircleDashed]} text={isRunStatus(status) ? t(`runStatus.${status}`) : status} />
}
