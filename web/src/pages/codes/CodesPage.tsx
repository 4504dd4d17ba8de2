import { useQuery } from '@tanstack/react-query'
import { Copy, MoreHorizontal, Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { client, unwrap } from '@/api/client'
import { Failure } from '@/api/failure'
import type { CodeRow, CodeStatus } from '@/api/schema'
import { useRobotName } from '@/components/RobotSelect'
import { CodeBadge } from '@/components/status'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { Confirm } from '@/components/ui/confirm'
import { DataTable } from '@/components/ui/data-table'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input, Select } from '@/components/ui/field'
import { Menu } from '@/components/ui/menu'
import { FilterBar, Page } from '@/components/ui/page'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'
import { dateTime } from '@/lib/format'
import { CreateCodes } from './CreateCodes'

const STATUSES: readonly CodeStatus[] = ['unused', 'active', 'expired', 'disabled']

/** A code is a credential: the list shows its ends, copying takes all of it. */
export const masked = (code: string) => `${code.slice(0, 2)}••••${code.slice(-2)}`

export function CodesPage() {
  const { t } = useTranslation()
  const filters = useFilters<'status' | 'page'>()
  const robotName = useRobotName()
  const [isCreating, setCreating] = useState(false)
  const [voiding, setVoiding] = useState<CodeRow | null>(null)
  const [unbinding, setUnbinding] = useState<CodeRow | null>(null)
  const page = pageOf(filters.get('page'))
  const status = STATUSES.find((name) => name === filters.get('status'))
  const query = useQuery({
    queryKey: ['codes', status, page],
    queryFn: () => unwrap(client.GET('/api/admin/activation-codes', { params: { query: { status, page, pageSize: PAGE_SIZE } } })),
  })
  const disable = useAction({
    run: (code: string) => unwrap(client.POST('/api/admin/activation-codes/{code}/disable', { params: { path: { code } } })),
    changes: ['codes'],
    done: t('codes.disabled'),
  })
  const create = (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus /> {t('codes.create')}
    </Button>
  )
  return (
    <Page title={t('nav.codes')} actions={create}>
      <FilterBar label={t('codes.filters')}>
        <Select
          aria-label={t('codes.status')}
          value={status ?? ''}
          onChange={(event) => filters.set({ status: event.target.value, page: undefined })}
          options={[['', t('codes.allStates')], ...STATUSES.map((name) => [name, t(`codeStatus.${name}`)] as const)]}
        />
      </FilterBar>
      <DataTable
        label={t('codes.rows')}
        query={query}
        rowKey={(row) => row.code}
        page={page}
        onPage={(next) => filters.set({ page: String(next) })}
        empty={status ? <Empty title={t('codes.emptyNarrowed')} action={<Button onClick={filters.clear}>{t('action.reset')}</Button>} /> : <Empty title={t('codes.emptyTitle')} action={create}>{t('codes.emptyHint')}</Empty>}
        columns={[
          {
            id: 'code',
            title: t('codes.code'),
            cell: (row) => (
              <span className="inline-flex items-center gap-1 font-mono text-xs">
                {masked(row.code)}
                <Button variant="ghost" size="sm" className="px-1" aria-label={t('codes.copy')} onClick={() => void navigator.clipboard.writeText(row.code).then(() => toast.success(t('state.copied')))}>
                  <Copy className="!size-3.5" />
                </Button>
              </span>
            ),
          },
          { id: 'status', title: t('codes.status'), cell: (row) => <CodeBadge status={row.status} /> },
          { id: 'days', title: t('codes.days'), cell: (row) => row.validityPeriod, isNumber: true },
          { id: 'robot', title: t('codes.robot'), cell: (row) => robotName(row.robotId) },
          { id: 'device', title: t('codes.device'), cell: (row) => row.deviceId ?? '—' },
          { id: 'note', title: t('codes.note'), cell: (row) => row.note ?? '—' },
          { id: 'expires', title: t('codes.expires'), cell: (row) => dateTime(row.expiresAt).slice(0, 10), className: 'tabular-nums' },
          { id: 'ends', title: t('codes.serviceEnds'), cell: (row) => dateTime(row.serviceExpiresAt).slice(0, 10), className: 'tabular-nums' },
          {
            id: 'actions',
            title: t('shell.actions'),
            cell: (row) => (
              <Menu
                trigger={
                  <Button variant="ghost" size="sm" aria-label={`${t('action.more')} ${masked(row.code)}`}>
                    <MoreHorizontal />
                  </Button>
                }
                items={[
                  { label: t('codes.disable'), isDanger: true, isDisabled: row.status === 'disabled', onSelect: () => setVoiding(row) },
                  { label: t('codes.unbind'), isDanger: true, isDisabled: row.status !== 'active', onSelect: () => setUnbinding(row) },
                ]}
              />
            ),
          },
        ]}
      />
      {isCreating ? <CreateCodes onClose={() => setCreating(false)} /> : null}
      {unbinding ? <Unbind code={unbinding.code} onClose={() => setUnbinding(null)} /> : null}
      <Confirm
        isOpen={voiding !== null}
        onClose={() => setVoiding(null)}
        onConfirm={() => voiding && disable.mutate(voiding.code)}
        title={t('codes.disableTitle', { code: voiding ? masked(voiding.code) : '' })}
        action={t('codes.disable')}
      >
        {t('codes.disableHint')}
      </Confirm>
    </Page>
  )
}

function Unbind({ code, onClose }: { code: string; onClose: () => void }) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const unbind = useAction({
    run: () => unwrap(client.POST('/api/admin/unbind-device', { body: { code, reason: reason.trim() } })),
    changes: ['codes', 'robots'],
    done: t('codes.unbound'),
    onDone: onClose,
  })
  const fields = unbind.error instanceof Failure ? unbind.error.fields : {}
  return (
    <Dialog isOpen onClose={onClose} title={t('codes.unbindTitle')} description={t('codes.unbindLead')}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          unbind.mutate()
        }}
      >
        <Field label={t('codes.reason')} error={fields.reason}>
          {(attributes) => <Input {...attributes} required maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" variant="danger" disabled={unbind.isPending || !reason.trim()}>
            {t('codes.unbind')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
