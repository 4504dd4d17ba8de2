import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, idempotencyKey, unwrap } from '@/api/client'
import type { CommandState, CommandView } from '@/api/schema'
import { useMay } from '@/api/session'
import { CommandFacts, contentOf, targetOf } from '@/components/CommandFacts'
import { useRobotName } from '@/components/RobotSelect'
import { CommandBadge } from '@/components/status'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { DataTable, type Column } from '@/components/ui/data-table'
import { Dialog } from '@/components/ui/dialog'
import { Select } from '@/components/ui/field'
import { FilterBar } from '@/components/ui/page'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE } from '@/lib/filters'
import { dateTime } from '@/lib/format'

const STATES: readonly CommandState[] = ['queued', 'sent', 'confirmed', 'succeeded', 'partial', 'failed', 'expired', 'cancelled', 'unknown']
const AGAIN: readonly CommandState[] = ['partial', 'failed', 'expired', 'cancelled', 'unknown']

export const resendCommand = (id: string) =>
  unwrap(client.POST('/api/commands/{id}/resend', { params: { path: { id }, header: { 'Idempotency-Key': idempotencyKey() } } }))

/** Commands of one robot or of all, and what can still be done with them. */
export function CommandTable({ robotId, fixedState }: { robotId?: string | undefined; fixedState?: CommandState }) {
  const { t } = useTranslation()
  const robotName = useRobotName()
  const [page, setPage] = useState(1)
  const [chosen, setChosen] = useState<CommandState>()
  const [openId, setOpenId] = useState<string>()
  const state = fixedState ?? chosen
  const query = useQuery({
    queryKey: ['commands', robotId, state, page],
    queryFn: () => unwrap(client.GET('/api/commands', { params: { query: { robotId, state, page, pageSize: PAGE_SIZE } } })),
    refetchInterval: 5_000,
  })
  const columns: Column<CommandView>[] = [
    { id: 'created', title: t('commands.created'), cell: (row) => dateTime(row.createdAt).slice(5), className: 'tabular-nums whitespace-nowrap' },
    ...(robotId ? [] : [{ id: 'robot', title: t('business.robot'), cell: (row: CommandView) => robotName(row.robotId) }]),
    { id: 'state', title: t('commands.state'), cell: (row) => <CommandBadge state={row.state} /> },
    { id: 'type', title: t('commands.type'), cell: (row) => row.label },
    { id: 'target', title: t('commands.target'), cell: targetOf },
    { id: 'content', title: t('commands.content'), cell: contentOf },
  ]
  return (
    <>
      {fixedState ? null : (
        <FilterBar label={t('commands.filters')}>
          <Select
            aria-label={t('commands.state')}
            value={chosen ?? ''}
            onChange={(event) => {
              setChosen(STATES.find((one) => one === event.target.value))
              setPage(1)
            }}
            options={[['', t('commands.allStates')], ...STATES.map((one) => [one, t(`commandState.${one}`)] as const)]}
          />
        </FilterBar>
      )}
      <DataTable
        label={t('commands.rows')}
        query={query}
        rowKey={(row) => row.commandId}
        openKey={openId}
        onOpen={(row) => setOpenId(row.commandId)}
        page={page}
        onPage={setPage}
        columns={columns}
        empty={<Empty title={t('commands.emptyTitle')}>{t('commands.emptyHint')}</Empty>}
      />
      <Dialog isOpen={openId !== undefined} onClose={() => setOpenId(undefined)} title={t('commands.detail')} className="w-[min(94vw,40rem)]">
        {openId ? (
          <div className="flex flex-col gap-3">
            <Actions command={query.data?.list.find((row) => row.commandId === openId)} />
            <CommandFacts id={openId} />
          </div>
        ) : null}
      </Dialog>
    </>
  )
}

function Actions({ command }: { command: CommandView | undefined }) {
  const { t } = useTranslation()
  const mayCommand = useMay('commands')
  const changes = ['commands', 'command', 'queue'] as const
  const path = { path: { id: command?.commandId ?? '' } }
  const resend = useAction({ run: () => resendCommand(path.path.id), changes, done: t('commands.resent') })
  const cancel = useAction({ run: () => unwrap(client.POST('/api/commands/{id}/cancel', { params: path })), changes, done: t('commands.cancelled') })
  const first = useAction({ run: () => unwrap(client.POST('/api/commands/{id}/priority', { params: path, body: { priority: 100 } })), changes, done: t('commands.moved') })
  if (!command || !mayCommand) return null
  return (
    <div className="flex flex-wrap gap-2">
      {AGAIN.includes(command.state) ? <Button size="sm" disabled={resend.isPending} onClick={() => resend.mutate()}>{t('commands.resend')}</Button> : null}
      {command.state === 'queued' ? (
        <>
          <Button size="sm" disabled={first.isPending} onClick={() => first.mutate()}>{t('commands.first')}</Button>
          <Button size="sm" variant="danger" disabled={cancel.isPending} onClick={() => cancel.mutate()}>{t('commands.cancel')}</Button>
        </>
      ) : null}
    </div>
  )
}
