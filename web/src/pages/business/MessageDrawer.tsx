import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { client, idempotencyKey, unwrap } from '@/api/client'
import { useMay } from '@/api/session'
import { CommandFacts } from '@/components/CommandFacts'
import { FeedBadge } from '@/components/status'
import { Button } from '@/components/ui/button'
import { Facts, Json } from '@/components/ui/card'
import { Drawer } from '@/components/ui/dialog'
import { Empty, ErrorState, messageOf, Skeleton } from '@/components/ui/states'
import { Tabs } from '@/components/ui/tabs'
import { cn } from '@/lib/classes'
import { clockTime, dateTime, duration } from '@/lib/format'
import { errorCodeText } from '@/lib/errorCodes'
import { usePreferences } from '@/lib/preferences'
import type { MessageRow } from './store'

interface MessageDrawerProps {
  id: string
  row: MessageRow | undefined
  robotName: (robotId: string) => string
  onClose: () => void
}

/** One message with everything that is known of it. */
export default function MessageDrawer({ id, row: shown, robotName, onClose }: MessageDrawerProps) {
  const { t } = useTranslation()
  const [tab, setTab] = useState('message')
  // A link to a message that is not in the list finds it by its id.
  const found = useQuery({
    queryKey: ['messages', 'one', id],
    queryFn: () => unwrap(client.GET('/api/monitor/messages', { params: { query: { q: id, limit: 1 } } })),
    enabled: shown === undefined,
  })
  const row = shown ?? found.data?.list[0]
  return (
    <Drawer isOpen onClose={onClose} title={t('business.detail')} description={row ? dateTime(row.createdAt) : id}>
      {row ? (
        <Tabs
          label={t('business.detail')}
          value={tab}
          onChange={setTab}
          tabs={[
            { id: 'message', label: t('business.message'), content: <Message row={row} robotName={robotName} /> },
            { id: 'chat', label: t('business.chat'), content: <Chat row={row} /> },
            { id: 'command', label: t('business.command'), content: row.commandId ? <CommandFacts id={row.commandId} /> : <Empty title={t('business.noCommand')} /> },
            { id: 'raw', label: t('business.raw'), content: <Json value={row} /> },
          ]}
        />
      ) : found.isPending ? (
        <Skeleton rows={5} />
      ) : found.isError ? (
        <ErrorState error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <Empty title={t('business.emptyNarrowed')} />
      )}
    </Drawer>
  )
}

function Message({ row, robotName }: { row: Pick<MessageRow, keyof Omit<MessageRow, 'kind' | 'changes'>>; robotName: (robotId: string) => string }) {
  const { t } = useTranslation()
  const language = usePreferences((preferences) => preferences.language)
  const mayResend = useMay('commands')
  const resend = useMutation({
    mutationFn: (id: string) => unwrap(client.POST('/api/commands/{id}/resend', { params: { path: { id }, header: { 'Idempotency-Key': idempotencyKey() } } })),
    onSuccess: () => toast.success(t('business.resent')),
    onError: (error) => toast.error(messageOf(error, t('state.noAnswer'))),
  })
  const room = ROOMS[row.roomType ?? 0]
  const isFailedCommand = row.direction === 'out' && row.status === 'failed' && row.commandId !== null
  return (
    <>
      <p className="rounded-md border bg-sunken p-3 text-[13px] break-words whitespace-pre-wrap">{row.content || '—'}</p>
      {row.direction === 'in' ? <Why id={row.id} /> : null}
      <Facts
        rows={[
          [t('business.status'), <FeedBadge key="status" status={row.status} />],
          [t('business.robot'), robotName(row.robotId)],
          [t('business.group'), row.groupName || t('business.private')],
          [t('business.user'), row.userName],
          [t('business.room'), room ? t(`room.${room}`) : null],
          [t('business.latency'), duration(row.latencyMs)],
          ...(row.errorCode === null || row.errorCode === undefined ? [] : [[t('business.errorCode'), errorCodeText(row.errorCode, language)] as const]),
          [t('business.messageId'), <code key="id" className="text-xs break-all">{row.id}</code>],
          [t('business.session'), row.sessionId ? <code key="session" className="text-xs break-all">{row.sessionId}</code> : null],
          ...(row.replyTo ? [[t('business.replyTo'), <code key="reply" className="text-xs break-all">{row.replyTo}</code>] as const] : []),
        ]}
      />
      <div className="flex flex-wrap gap-2">
        <Button size="sm" onClick={() => void navigator.clipboard.writeText(row.id).then(() => toast.success(t('state.copied')))}>
          {t('business.copyId')}
        </Button>
        {row.executionId ? (
          <Button size="sm" asChild>
            <Link to="/monitor/flows" search={{ id: row.executionId } as never}>{t('business.openFlow')}</Link>
          </Button>
        ) : null}
        {isFailedCommand && mayResend ? (
          <Button size="sm" disabled={resend.isPending} onClick={() => row.commandId && resend.mutate(row.commandId)}>
            {t('business.resend')}
          </Button>
        ) : null}
      </div>
    </>
  )
}

/** By `roomType`. */
const ROOMS = [undefined, 'externalGroup', 'externalContact', 'internalGroup', 'internalContact'] as const

const REASONS = [
  'answered', 'not_mentioned', 'read_only', 'taken_over', 'merged', 'duplicate', 'callback_pending', 'callback_failed',
  'callback_backlog', 'rule_reply', 'queued_offline', 'budget_spent', 'expired', 'failed', 'running', 'no_answerer',
] as const

/** Why a message was, or was not, answered. */
function Why({ id }: { id: string }) {
  const { t } = useTranslation()
  const why = useQuery({
    queryKey: ['why', id],
    queryFn: () => unwrap(client.GET('/api/messages/{id}/why', { params: { path: { id } } })),
    staleTime: 1_000,
  })
  if (why.isPending) return <div className="skeleton h-14 rounded-md bg-line" />
  if (why.isError) return null
  const reason = REASONS.find((name) => name === why.data.reason)
  return (
    <section className="rounded-md border border-info/30 bg-info/8 px-3 py-2 text-[13px]" aria-label={t('business.why')}>
      <h3 className="font-medium text-info">
        {t('business.why')}
        {reason ? `：${t(`reason.${reason}`)}` : ''}
      </h3>
      <p>{why.data.message}</p>
    </section>
  )
}

/** The messages around this one, as the people in the chat see them. */
function Chat({ row }: { row: Pick<MessageRow, 'id' | 'robotId' | 'sessionId' | 'seq' | 'userName' | 'groupName'> }) {
  const { t } = useTranslation()
  const chat = useQuery({
    queryKey: ['chat', row.robotId, row.groupName, row.userName, row.seq],
    queryFn: () =>
      unwrap(
        client.GET('/api/monitor/messages', {
          params: { query: { robotId: row.robotId, ...(row.groupName ? { group: row.groupName } : { user: row.userName }), cursor: String(row.seq + 200), limit: 40 } },
        }),
      ),
    enabled: row.sessionId !== null,
  })
  if (row.sessionId === null || row.sessionId === undefined) return <Empty title={t('business.noChat')} />
  if (chat.isPending) return <Skeleton rows={5} />
  if (chat.isError) return <ErrorState error={chat.error} onRetry={() => void chat.refetch()} />
  const list = chat.data.list.filter((other) => other.sessionId === row.sessionId).toReversed()
  return (
    <ol className="flex flex-col gap-3">
      {list.map((message) => {
        const isOut = message.direction === 'out'
        return (
          <li key={message.id} className={cn('flex flex-col gap-0.5', isOut && 'items-end')}>
            <span className="text-xs text-muted">
              {isOut ? t('business.out') : message.userName} · {clockTime(message.createdAt)}
            </span>
            <p className={cn('max-w-[85%] rounded-lg border px-3 py-2 text-[13px] break-words whitespace-pre-wrap', isOut ? 'bg-accent-soft' : 'bg-sunken', message.id === row.id && 'ring-2 ring-ring')}>
              {message.content || '—'}
            </p>
          </li>
        )
      })}
    </ol>
  )
}
