import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { client, unwrap } from '@/api/client'
import { useMay } from '@/api/session'
import { contentOf, targetOf } from '@/components/CommandFacts'
import { useRobotName } from '@/components/RobotSelect'
import { CommandBadge } from '@/components/status'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { DataTable } from '@/components/ui/data-table'
import { Select } from '@/components/ui/field'
import { FilterBar } from '@/components/ui/page'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE } from '@/lib/filters'
import { dateTime } from '@/lib/format'
import { errorCodeText } from '@/lib/errorCodes'
import { usePreferences } from '@/lib/preferences'
import { resendCommand } from './CommandTable'

const STATES = ['failed', 'expired', 'unknown'] as const
const PER_MINUTE = 60

/** Commands that came to nothing, chosen and sent again together. */
export function FailedCommands() {
  const { t } = useTranslation()
  const language = usePreferences((preferences) => preferences.language)
  const robotName = useRobotName()
  const mayCommand = useMay('commands')
  const [state, setState] = useState<(typeof STATES)[number]>('failed')
  const [page, setPage] = useState(1)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const query = useQuery({
    queryKey: ['commands', 'ended', state, page],
    queryFn: () => unwrap(client.GET('/api/commands', { params: { query: { state, page, pageSize: PAGE_SIZE } } })),
  })
  const resend = useAction({
    run: async (ids: readonly string[]) => {
      const outcomes = await Promise.allSettled(ids.map(resendCommand))
      return outcomes.filter((outcome) => outcome.status === 'rejected').length
    },
    changes: ['commands', 'queue'],
    onDone: (failures) => {
      if (failures > 0) toast.error(t('queue.partlyFailed', { count: failures }))
      if (chosen.size > failures) toast.success(t('queue.resentCount', { count: chosen.size - failures }))
      setChosen(new Set())
    },
  })
  const toggle = (id: string) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  return (
    <>
      <FilterBar label={t('commands.filters')}>
        <Select
          aria-label={t('commands.state')}
          value={state}
          onChange={(event) => {
            setState(STATES.find((one) => one === event.target.value) ?? 'failed')
            setPage(1)
            setChosen(new Set())
          }}
          options={STATES.map((one) => [one, t(`commandState.${one}`)] as const)}
        />
        {mayCommand && query.data && query.data.list.length > 0 ? (
          <>
            <Button onClick={() => setChosen(new Set(query.data.list.map((row) => row.commandId)))}>{t('queue.selectAll')}</Button>
            <Button variant="primary" disabled={chosen.size === 0 || resend.isPending} onClick={() => resend.mutate([...chosen])}>
              {t('queue.resendAll', { count: chosen.size })}
            </Button>
            {chosen.size > 0 ? <span className="text-xs text-muted">{t('queue.estimate', { minutes: Math.ceil(chosen.size / PER_MINUTE) })}</span> : null}
          </>
        ) : null}
      </FilterBar>
      <DataTable
        label={t('commands.rows')}
        query={query}
        rowKey={(row) => row.commandId}
        page={page}
        onPage={setPage}
        empty={<Empty title={t('commands.emptyTitle')}>{t('commands.emptyHint')}</Empty>}
        columns={[
          ...(mayCommand
            ? [{ id: 'choose', title: '✓', cell: (row: { commandId: string }) => <input type="checkbox" className="!w-4 align-middle accent-(--accent)" aria-label={t('queue.select', { id: row.commandId })} checked={chosen.has(row.commandId)} onChange={() => toggle(row.commandId)} /> }]
            : []),
          { id: 'created', title: t('commands.created'), cell: (row) => dateTime(row.createdAt), className: 'tabular-nums whitespace-nowrap' },
          { id: 'robot', title: t('business.robot'), cell: (row) => robotName(row.robotId) },
          { id: 'state', title: t('commands.state'), cell: (row) => <CommandBadge state={row.state} /> },
          { id: 'type', title: t('commands.type'), cell: (row) => row.label },
          { id: 'target', title: t('commands.target'), cell: targetOf },
          { id: 'content', title: t('commands.content'), cell: contentOf },
          { id: 'error', title: t('commands.error'), cell: (row) => errorCodeText(row.errorCode, language) },
        ]}
      />
    </>
  )
}
