import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, idempotencyKey, unwrap } from '@/api/client'
import { Failure } from '@/api/failure'
import type { RobotKind } from '@/api/schema'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { Facts } from '@/components/ui/card'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input, Select } from '@/components/ui/field'

const KINDS: readonly RobotKind[] = ['worktool', 'native', 'worktool_cloud']

/** A new robot; what is told once stays in sight until it is closed. */
export function CreateRobot({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const [kind, setKind] = useState<RobotKind>('worktool')
  const [isTried, setTried] = useState(false)
  const [key] = useState(idempotencyKey)
  const create = useAction({
    run: () => unwrap(client.POST('/api/robots', { params: { header: { 'Idempotency-Key': key } }, body: { name: name.trim(), kind } })),
    changes: ['robots'],
    done: t('state.done'),
  })
  const fields = create.error instanceof Failure ? create.error.fields : {}
  const robot = create.data
  return (
    <Dialog isOpen onClose={onClose} title={t('robots.create')} description={robot ? t('robots.secrets') : t('robots.createLead')}>
      {robot ? (
        <div className="flex flex-col gap-4">
          <Facts
            rows={(
              [
                [t('robots.name'), robot.name],
                [t('robots.id'), robot.robotId],
                [t('robots.linkId'), robot.linkId],
                [t('robots.callbackKey'), robot.callbackKey],
                [t('robots.token'), robot.token],
                [t('robots.refreshToken'), robot.refreshToken],
              ] as const
            )
              .filter((row) => row[1])
              .map(([label, value]) => [label, <code key={label} className="text-xs break-all select-all">{value}</code>] as const)}
          />
          <Button variant="primary" className="self-end" onClick={onClose}>
            {t('action.close')}
          </Button>
        </div>
      ) : (
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            setTried(true)
            if (name.trim()) create.mutate()
          }}
        >
          <Field label={t('robots.name')} error={fields.name ?? (isTried && !name.trim() ? t('robots.nameRequired') : undefined)}>
            {(attributes) => <Input {...attributes} autoFocus maxLength={64} value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
          <Field label={t('robots.kind')} error={fields.kind}>
            {(attributes) => <Select {...attributes} value={kind} onChange={(event) => setKind(KINDS.find((one) => one === event.target.value) ?? 'worktool')} options={KINDS.map((one) => [one, t(`robotKind.${one}`)] as const)} />}
          </Field>
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>{t('action.cancel')}</Button>
            <Button type="submit" variant="primary" disabled={create.isPending}>
              {t('action.create')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
