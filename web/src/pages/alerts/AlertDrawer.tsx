import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import { useMay } from '@/api/session'
import { useRobotName } from '@/components/RobotSelect'
import { AlertBadge, LevelBadge } from '@/components/status'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { Facts, Json } from '@/components/ui/card'
import { Dialog, Drawer } from '@/components/ui/dialog'
import { Field, Textarea } from '@/components/ui/field'
import { ErrorState, Skeleton } from '@/components/ui/states'
import { dateTime } from '@/lib/format'
import { useAlertName } from './useAlertName'

export function AlertDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation()
  const robotName = useRobotName()
  const alertName = useAlertName()
  const mayHandle = useMay('alerts')
  const [isResolving, setResolving] = useState(false)
  const alert = useQuery({
    queryKey: ['alerts', 'one', id],
    queryFn: () => unwrap(client.GET('/api/alerts/{id}', { params: { path: { id } } })),
  })
  const ack = useAction({
    run: () => unwrap(client.POST('/api/alerts/{id}/ack', { params: { path: { id } }, body: {} })),
    changes: ['alerts'],
    done: t('alerts.acked'),
  })
  const data = alert.data
  return (
    <Drawer isOpen onClose={onClose} title={data ? alertName(data.code) : t('alerts.detail')} description={id}>
      {alert.isPending ? (
        <Skeleton rows={6} />
      ) : alert.isError ? (
        <ErrorState error={alert.error} onRetry={() => void alert.refetch()} />
      ) : data ? (
        <div className="flex flex-col gap-4">
          {mayHandle && data.status !== 'resolved' ? (
            <div className="flex gap-2">
              {data.status === 'active' ? <Button size="sm" disabled={ack.isPending} onClick={() => ack.mutate()}>{t('alerts.ack')}</Button> : null}
              <Button size="sm" variant="primary" onClick={() => setResolving(true)}>{t('alerts.resolve')}</Button>
            </div>
          ) : null}
          <Facts
            rows={[
              [t('alerts.level'), <LevelBadge key="level" level={data.level} />],
              [t('alerts.status'), <AlertBadge key="status" status={data.status} />],
              [t('alerts.object'), data.robotId ? robotName(data.robotId) : t('alerts.system')],
              [t('alerts.count'), `×${data.count}`],
              [t('alerts.first'), dateTime(data.firstAt)],
              [t('alerts.last'), dateTime(data.lastAt)],
              [t('alerts.owner'), data.ackBy],
              [t('alerts.note'), data.note],
            ]}
          />
          <div className="flex gap-2">
            {data.messageId ? (
              <Button size="sm" asChild>
                <Link to="/monitor/business" search={{ id: data.messageId } as never}>{t('alerts.toMessage')}</Link>
              </Button>
            ) : null}
            {data.executionId ? (
              <Button size="sm" asChild>
                <Link to="/monitor/flows" search={{ id: data.executionId } as never}>{t('business.openFlow')}</Link>
              </Button>
            ) : null}
          </div>
          <h3 className="text-[13px] font-semibold">{t('alerts.notifications')}</h3>
          {data.notifications.length === 0 ? <p className="text-[13px] text-muted">{t('alerts.noNotifications')}</p> : null}
          <ul className="flex flex-col gap-2 text-[13px]">
            {data.notifications.map((told) => (
              <li key={told.id} className="flex flex-wrap gap-2">
                <span>{t(`channelType.${told.channelType}`)}</span>
                <span className={told.state === 'failed' ? 'text-bad' : 'text-muted'}>{t(`notificationState.${told.state}`)}</span>
                {told.error ? <span className="text-xs text-bad">{told.error}</span> : null}
              </li>
            ))}
          </ul>
          <h3 className="text-[13px] font-semibold">{t('alerts.data')}</h3>
          <Json value={data.data} />
        </div>
      ) : null}
      {isResolving ? <Resolve id={id} onClose={() => setResolving(false)} /> : null}
    </Drawer>
  )
}

function Resolve({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation()
  const [note, setNote] = useState('')
  const resolve = useAction({
    run: () => unwrap(client.POST('/api/alerts/{id}/resolve', { params: { path: { id } }, body: { note: note.trim() || null } })),
    changes: ['alerts'],
    done: t('alerts.resolved'),
    onDone: onClose,
  })
  return (
    <Dialog isOpen onClose={onClose} title={t('alerts.resolveTitle')} description={t('alerts.resolveLead')}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          resolve.mutate()
        }}
      >
        <Field label={t('alerts.note')}>{(attributes) => <Textarea {...attributes} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />}</Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" variant="primary" disabled={resolve.isPending}>{t('alerts.resolve')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
