import { Download } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, idempotencyKey, unwrap } from '@/api/client'
import { Failure } from '@/api/failure'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input } from '@/components/ui/field'
import { dateTime } from '@/lib/format'
import { csvOf, download } from './csv'

export function CreateCodes({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [count, setCount] = useState('10')
  const [days, setDays] = useState('365')
  const [note, setNote] = useState('')
  const [key] = useState(idempotencyKey)
  const create = useAction({
    run: () =>
      unwrap(
        client.POST('/api/admin/activation-codes', {
          params: { header: { 'Idempotency-Key': key } },
          body: { count: Number(count), validityPeriod: Number(days), note: note.trim() || null },
        }),
      ),
    changes: ['codes'],
    done: (made) => t('codes.made', { count: made.codes.length }),
  })
  const fields = create.error instanceof Failure ? create.error.fields : {}
  const made = create.data
  const save = () => made && download('activation-codes.csv', csvOf([[t('codes.code'), t('codes.expires')], ...made.codes.map((code) => [code.code, dateTime(code.expiresAt)])]))
  return (
    <Dialog isOpen onClose={onClose} title={t('codes.createTitle')}>
      {made ? (
        <div className="flex flex-col gap-4">
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
          <ul tabIndex={0} aria-label={t('codes.rows')} className="max-h-72 overflow-y-auto rounded-md border bg-sunken p-3 font-mono text-[13px] select-all">
            {made.codes.map((code) => (
              <li key={code.code}>{code.code}</li>
            ))}
          </ul>
          <div className="flex justify-end gap-2">
            <Button onClick={save}>
              <Download /> {t('codes.download')}
            </Button>
            <Button variant="primary" onClick={onClose}>
              {t('action.close')}
            </Button>
          </div>
        </div>
      ) : (
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            create.mutate()
          }}
        >
          <div className="grid grid-cols-2 gap-3">
            <Field label={t('codes.count')} hint={t('codes.countHint')} error={fields.count}>
              {(attributes) => <Input {...attributes} type="number" min={1} max={1000} required value={count} onChange={(event) => setCount(event.target.value)} />}
            </Field>
            <Field label={t('codes.days')} error={fields.validityPeriod}>
              {(attributes) => <Input {...attributes} type="number" min={1} required value={days} onChange={(event) => setDays(event.target.value)} />}
            </Field>
          </div>
          <Field label={t('codes.note')} error={fields.note}>
            {(attributes) => <Input {...attributes} maxLength={200} value={note} onChange={(event) => setNote(event.target.value)} />}
          </Field>
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>{t('action.cancel')}</Button>
            <Button type="submit" variant="primary" disabled={create.isPending}>
              {t('codes.generate')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
