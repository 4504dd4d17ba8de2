import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import type { RobotDetail } from '@/api/schema'
import { useMay } from '@/api/session'
import { RobotBadge } from '@/components/status'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { Facts, Json, StatStrip, StatTile } from '@/components/ui/card'
import { Confirm } from '@/components/ui/confirm'
import { Drawer } from '@/components/ui/dialog'
import { ErrorState, Skeleton } from '@/components/ui/states'
import { Tabs } from '@/components/ui/tabs'
import { count, dateTime, percent } from '@/lib/format'
import { CommandTable } from '../queue/CommandTable'
import { deviceText } from './device'

/** One robot: how it is, what it did, how it is set. */
export function RobotDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation()
  const [tab, setTab] = useState('overview')
  const robot = useQuery({
    queryKey: ['robots', 'one', id],
    queryFn: () => unwrap(client.GET('/api/robots/{robotId}', { params: { path: { robotId: id } } })),
    refetchInterval: 5_000,
  })
  return (
    <Drawer isOpen onClose={onClose} title={robot.data?.name ?? t('robots.detail')} description={id} className="w-[min(100vw,38rem)]">
      {robot.isPending ? (
        <Skeleton rows={6} />
      ) : robot.isError ? (
        <ErrorState error={robot.error} onRetry={() => void robot.refetch()} />
      ) : (
        <Tabs
          label={t('robots.detail')}
          value={tab}
          onChange={setTab}
          tabs={[
            { id: 'overview', label: t('robots.overview'), content: <Overview robot={robot.data} /> },
            { id: 'commands', label: t('robots.commands'), content: <CommandTable robotId={id} /> },
            { id: 'statistics', label: t('robots.statistics'), content: <Statistics id={id} /> },
            { id: 'settings', label: t('robots.settings'), content: <Settings robot={robot.data} /> },
          ]}
        />
      )}
    </Drawer>
  )
}

function Overview({ robot }: { robot: RobotDetail }) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<'kick' | 'disable' | null>(null)
  const mayKick = useMay('kick')
  const mayManage = useMay('robots')
  const path = { params: { path: { robotId: robot.robotId } } }
  const kick = useAction({ run: () => unwrap(client.POST('/api/robots/{robotId}/kick', path)), changes: ['robots'], done: t('robots.kicked') })
  const enable = useAction({ run: () => unwrap(client.POST('/api/robots/{robotId}/enable', path)), changes: ['robots'], done: t('state.done') })
  const disable = useAction({ run: () => unwrap(client.POST('/api/robots/{robotId}/disable', path)), changes: ['robots'], done: t('state.done') })
  return (
    <>
      <Facts
        rows={[
          [t('robots.status'), <RobotBadge key="status" status={robot.status} isEnabled={robot.enabled} />],
          [t('robots.kind'), t(`robotKind.${robot.kind}`)],
          [t('robots.device'), deviceText(robot.deviceInfo)],
          [t('robots.queued'), count(robot.queued)],
          [t('robots.lastSeen'), dateTime(robot.lastSeenAt)],
          [t('robots.connected'), dateTime(robot.connectedAt)],
          [t('robots.service'), dateTime(robot.serviceExpiresAt)],
          [t('robots.created'), dateTime(robot.createdAt)],
        ]}
      />
      <div className="flex flex-wrap gap-2">
        <Button size="sm" asChild>
          <Link to="/monitor/business" search={{ robot: robot.robotId } as never}>{t('robots.viewMessages')}</Link>
        </Button>
        {mayKick && robot.status !== 'offline' ? (
          <Button size="sm" variant="danger" onClick={() => setAsked('kick')}>
            {t('robots.kick')}
          </Button>
        ) : null}
        {mayManage && robot.enabled ? (
          <Button size="sm" variant="danger" onClick={() => setAsked('disable')}>
            {t('action.disable')}
          </Button>
        ) : null}
        {mayManage && !robot.enabled ? (
          <Button size="sm" onClick={() => enable.mutate()}>
            {t('action.enable')}
          </Button>
        ) : null}
      </div>
      <Confirm isOpen={asked === 'kick'} onClose={() => setAsked(null)} onConfirm={() => kick.mutate()} title={t('robots.kickTitle', { name: robot.name })} action={t('robots.kick')}>
        {t('robots.kickHint')}
      </Confirm>
      <Confirm isOpen={asked === 'disable'} onClose={() => setAsked(null)} onConfirm={() => disable.mutate()} title={t('robots.disableTitle', { name: robot.name })} action={t('action.disable')}>
        {t('robots.disableHint')}
      </Confirm>
    </>
  )
}

function Statistics({ id }: { id: string }) {
  const { t } = useTranslation()
  const statistics = useQuery({
    queryKey: ['robots', 'statistics', id],
    queryFn: () => unwrap(client.GET('/api/robots/{robotId}/statistics', { params: { path: { robotId: id } } })),
  })
  if (statistics.isPending) return <Skeleton rows={4} />
  if (statistics.isError) return <ErrorState error={statistics.error} onRetry={() => void statistics.refetch()} />
  const { messages, commands, callbacks, successRate, startDate, endDate } = statistics.data
  return (
    <>
      <p className="text-xs text-muted">
        {startDate} – {endDate}
      </p>
      <StatStrip>
        <StatTile label={t('robots.received')} value={count(messages.received)} />
        <StatTile label={t('robots.sentCount')} value={count(messages.sent)} />
        <StatTile label={t('robots.answered')} value={count(messages.answered)} />
        <StatTile label={t('robots.commands')} value={count(commands.total)} />
        <StatTile label={t('robots.successRate')} value={percent(successRate)} />
        <StatTile label={t('robots.callbacks')} value={count(callbacks.total)} />
      </StatStrip>
    </>
  )
}

function Settings({ robot }: { robot: RobotDetail }) {
  const { t } = useTranslation()
  const { replyAll, openCallback, callbackUrl, personaId, aiModelId, flowId, ownerId, memberIds, version } = robot
  return (
    <>
      <Facts
        rows={[
          [t('robots.replyAll'), replyAll],
          [t('robots.openCallback'), openCallback],
          [t('robots.callbackUrl'), callbackUrl],
          [t('robots.persona'), personaId],
          [t('robots.model'), aiModelId],
          [t('robots.flow'), flowId],
          [t('robots.owner'), ownerId],
          [t('robots.members'), memberIds.length],
          [t('robots.version'), version],
        ]}
      />
      <Json value={robot} />
    </>
  )
}
