import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import type { ActorSnapshot } from '@/api/schema'
import { useMay } from '@/api/session'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { Facts } from '@/components/ui/card'
import { Confirm } from '@/components/ui/confirm'
import { Drawer } from '@/components/ui/dialog'
import { Sparkline } from '@/components/ui/sparkline'
import { Empty } from '@/components/ui/states'
import { count, dateTime, duration } from '@/lib/format'
import { ActorState, Mailbox } from './ActorState'

const KEPT = 120

/** One actor and the last minutes of its mailbox, as long as this is open. */
export function ActorDrawer({ id, actor, onClose }: { id: string; actor: ActorSnapshot | undefined; onClose: () => void }) {
  const { t } = useTranslation()
  const mayControl = useMay('actorControl')
  const [asked, setAsked] = useState<'restart' | 'stop' | null>(null)
  const [depths, setDepths] = useState<readonly number[]>([])
  useEffect(() => setDepths([]), [id])
  useEffect(() => {
    if (actor) setDepths((old) => [...old.slice(1 - KEPT), actor.mailbox.depth])
  }, [actor])
  const path = { params: { path: { id } } }
  const restart = useAction({ run: () => unwrap(client.POST('/api/admin/actors/{id}/restart', path)), changes: ['actors'], done: t('actors.ordered') })
  const stop = useAction({ run: () => unwrap(client.POST('/api/admin/actors/{id}/stop', path)), changes: ['actors'], done: t('actors.ordered') })
  return (
    <Drawer isOpen onClose={onClose} title={<span className="font-mono">{id}</span>} description={actor?.kind}>
      {actor ? (
        <div className="flex flex-col gap-4">
          <Facts
            rows={[
              [t('actors.state'), <ActorState key="state" actor={actor} />],
              [t('actors.mailbox'), <Mailbox key="mailbox" actor={actor} />],
              [t('actors.current'), actor.current ? `${actor.current.message} · ${duration(actor.current.sinceMs)}` : t('actors.idle')],
              [t('actors.handled'), count(actor.handled)],
              [t('actors.refused'), count(actor.refused)],
              [t('actors.restarts'), actor.restarts],
              [t('actors.lastExit'), actor.lastExit ? t(`exit.${actor.lastExit}`) : null],
              [t('actors.breaker'), actor.breaker ? t(`breaker.${actor.breaker}`) : null],
              [t('actors.parent'), actor.parent],
              [t('actors.since'), dateTime(actor.since)],
            ]}
          />
          <section>
            <h3 className="mb-1 text-[13px] font-semibold">{t('actors.mailbox')}</h3>
            <Sparkline values={depths} label={t('actors.mailbox')} height={110} hasAxes />
          </section>
          {mayControl ? (
            <div className="flex gap-2">
              <Button size="sm" variant="danger" onClick={() => setAsked('restart')}>{t('actors.restart')}</Button>
              <Button size="sm" variant="danger" onClick={() => setAsked('stop')}>{t('actors.stop')}</Button>
            </div>
          ) : null}
          <Confirm isOpen={asked === 'restart'} onClose={() => setAsked(null)} onConfirm={() => restart.mutate()} title={t('actors.restartTitle')} action={t('actors.restart')}>
            {t('actors.restartHint')}
          </Confirm>
          <Confirm isOpen={asked === 'stop'} onClose={() => setAsked(null)} onConfirm={() => stop.mutate()} title={t('actors.stopTitle')} action={t('actors.stop')} typed={id}>
            {t('actors.stopHint')}
          </Confirm>
        </div>
      ) : (
        <Empty title={t('actors.emptyTitle')} />
      )}
    </Drawer>
  )
}
