import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import type { CommandView } from '@/api/schema'
import { clockTime, dateTime } from '@/lib/format'
import { errorCodeText } from '@/lib/errorCodes'
import { usePreferences } from '@/lib/preferences'
import { CommandBadge } from './status'
import { Facts, Json } from './ui/card'
import { ErrorState, Skeleton } from './ui/states'

/** Whom a command is for. */
export function targetOf(command: Pick<CommandView, 'item'>): string {
  const titles = (command.item as { titleList?: unknown } | null)?.titleList
  return Array.isArray(titles) ? titles.join('、') : ''
}

/** What a command says or does, in a few words. */
export function contentOf(command: Pick<CommandView, 'item' | 'label'>): string {
  const item = (command.item ?? {}) as Record<string, unknown>
  const text = [item.receivedContent, item.objectName, item.fileUrl].find((value) => typeof value === 'string' && value !== '')
  return typeof text === 'string' ? text : command.label
}

/** A command with its way from the order to the result. */
export function CommandFacts({ id }: { id: string }) {
  const { t } = useTranslation()
  const language = usePreferences((preferences) => preferences.language)
  const command = useQuery({
    queryKey: ['command', id],
    queryFn: () => unwrap(client.GET('/api/commands/{id}', { params: { path: { id } } })),
  })
  if (command.isPending) return <Skeleton rows={5} />
  if (command.isError) return <ErrorState error={command.error} onRetry={() => void command.refetch()} />
  const data = command.data
  return (
    <>
      <Facts
        rows={[
          [t('commands.state'), <CommandBadge key="state" state={data.state} />],
          [t('commands.type'), `${data.type} ${data.label}`],
          [t('commands.target'), targetOf(data)],
          [t('commands.error'), data.errorCode === null ? null : errorCodeText(data.errorCode, language)],
          [t('commands.success'), data.successList.join('、')],
          [t('commands.failList'), data.failList.join('、')],
          [t('commands.priority'), data.priority],
          [t('commands.expires'), dateTime(data.expiresAt)],
          [t('commands.id'), <code key="id" className="text-xs break-all">{data.commandId}</code>],
        ]}
      />
      <h3 className="mt-2 text-[13px] font-semibold">{t('commands.history')}</h3>
      <ol className="flex flex-col gap-2 border-l pl-4">
        {data.history.map((entry) => (
          <li key={`${entry.state}-${entry.at}-${entry.attempt}`} className="flex flex-wrap items-center gap-2 text-[13px]">
            <span className="text-muted tabular-nums">{clockTime(entry.at)}</span>
            <CommandBadge state={entry.state} />
            {entry.attempt > 1 ? <span className="text-xs text-muted">×{entry.attempt}</span> : null}
            {entry.detail ? <span className="text-xs text-muted">{entry.detail}</span> : null}
          </li>
        ))}
      </ol>
      <Json value={data.item} />
    </>
  )
}
