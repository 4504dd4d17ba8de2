import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CirclePause, MoreHorizontal, Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { client, idempotencyKey, unwrap } from '@/api/client'
import { Failure } from '@/api/failure'
import type { ChannelType, ChannelView } from '@/api/schema'
import { useMay } from '@/api/session'
import { useAction } from '@/components/useAction'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Confirm } from '@/components/ui/confirm'
import { DataTable } from '@/components/ui/data-table'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input, Select, Textarea } from '@/components/ui/field'
import { Menu } from '@/components/ui/menu'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'

const TYPES: readonly ChannelType[] = ['wecom_group', 'webhook', 'email', 'robot_message', 'console']

export function Channels() {
  const { t } = useTranslation()
  const filters = useFilters<'page'>()
  const mayDesign = useMay('design')
  const [edited, setEdited] = useState<ChannelView | 'new' | null>(null)
  const [removed, setRemoved] = useState<ChannelView | null>(null)
  const page = pageOf(filters.get('page'))
  const query = useQuery({
    queryKey: ['channels', page],
    queryFn: () => unwrap(client.GET('/api/notification-channels', { params: { query: { page, pageSize: PAGE_SIZE } } })),
  })
  const test = useAction({
    run: (id: string) => unwrap(client.POST('/api/notification-channels/{id}/test', { params: { path: { id } } })),
    changes: [],
    onDone: ({ ok, detail }) => void (ok ? toast.success(t('channels.testOk', { detail })) : toast.error(t('channels.testFailed', { detail }))),
  })
  const change = useAction({
    run: ({ id, isActive }: { id: string; isActive: boolean }) => unwrap(client.PUT('/api/notification-channels/{id}', { params: { path: { id } }, body: { isActive } })),
    changes: ['channels'],
    done: t('rules.saved'),
  })
  const remove = useAction({
    run: (id: string) => unwrap(client.DELETE('/api/notification-channels/{id}', { params: { path: { id } } })),
    changes: ['channels'],
    done: t('rules.removed'),
  })
  const create = mayDesign ? (
    <Button variant="primary" onClick={() => setEdited('new')}>
      <Plus /> {t('channels.create')}
    </Button>
  ) : null
  return (
    <>
      <div className="flex justify-end">{create}</div>
      <DataTable
        label={t('channels.rows')}
        query={query}
        rowKey={(row) => row.id}
        page={page}
        onPage={(next) => filters.set({ page: String(next) })}
        empty={<Empty title={t('channels.emptyTitle')} action={create}>{t('channels.emptyHint')}</Empty>}
        columns={[
          { id: 'name', title: t('channels.name'), cell: (row) => <span className="font-medium">{row.name}</span> },
          { id: 'type', title: t('channels.type'), cell: (row) => t(`channelType.${row.type}`) },
          { id: 'active', title: t('channels.active'), cell: (row) => <Badge tone={row.isActive ? 'ok' : 'plain'} icon={row.isActive ? CircleCheck : CirclePause}>{t(row.isActive ? 'rules.active' : 'rules.inactive')}</Badge> },
          { id: 'config', title: t('channels.config'), cell: (row) => <code className="text-xs">{JSON.stringify(row.config)}</code> },
          ...(mayDesign
            ? [
                {
                  id: 'actions',
                  title: t('shell.actions'),
                  cell: (row: ChannelView) => (
                    <Menu
                      trigger={<Button variant="ghost" size="sm" aria-label={`${t('action.more')} ${row.name}`}><MoreHorizontal /></Button>}
                      items={[
                        { label: t('channels.test'), onSelect: () => test.mutate(row.id) },
                        { label: t('action.edit'), onSelect: () => setEdited(row) },
                        { label: t(row.isActive ? 'action.disable' : 'action.enable'), onSelect: () => change.mutate({ id: row.id, isActive: !row.isActive }) },
                        { label: t('action.delete'), isDanger: true, isDisabled: row.isPreset, onSelect: () => setRemoved(row) },
                      ]}
                    />
                  ),
                },
              ]
            : []),
        ]}
      />
      {edited ? <ChannelForm channel={edited === 'new' ? null : edited} onClose={() => setEdited(null)} /> : null}
      <Confirm isOpen={removed !== null} onClose={() => setRemoved(null)} onConfirm={() => removed && remove.mutate(removed.id)} title={t('channels.removeTitle', { name: removed?.name ?? '' })} action={t('action.delete')}>
        {t('channels.removeHint')}
      </Confirm>
    </>
  )
}

function readObject(text: string): Record<string, never> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, never>) : null
  } catch {
    return null
  }
}

function ChannelForm({ channel, onClose }: { channel: ChannelView | null; onClose: () => void }) {
  const { t } = useTranslation()
  const [key] = useState(idempotencyKey)
  const [name, setName] = useState(channel?.name ?? '')
  const [type, setType] = useState<ChannelType>(channel?.type ?? 'wecom_group')
  const [config, setConfig] = useState(channel ? JSON.stringify(channel.config, null, 2) : '{}')
  const read = readObject(config)
  const save = useAction({
    run: () =>
      channel
        ? unwrap(client.PUT('/api/notification-channels/{id}', { params: { path: { id: channel.id } }, body: { name: name.trim(), config: read, version: channel.version } }))
        : unwrap(client.POST('/api/notification-channels', { params: { header: { 'Idempotency-Key': key } }, body: { name: name.trim(), type, config: read } })),
    changes: ['channels'],
    done: t('rules.saved'),
    onDone: onClose,
  })
  const fields = save.error instanceof Failure ? save.error.fields : {}
  const configError = Object.entries(fields).find(([field]) => field.startsWith('config'))?.[1]
  return (
    <Dialog isOpen onClose={onClose} title={channel ? channel.name : t('channels.create')}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (read) save.mutate()
        }}
      >
        <Field label={t('channels.name')} error={fields.name}>
          {(attributes) => <Input {...attributes} required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <Field label={t('channels.type')} error={fields.type}>
          {(attributes) => <Select {...attributes} disabled={channel !== null} value={type} onChange={(event) => setType(TYPES.find((one) => one === event.target.value) ?? 'webhook')} options={TYPES.map((one) => [one, t(`channelType.${one}`)] as const)} />}
        </Field>
        <Field label={t('channels.config')} hint={t('channels.configHint')} error={read ? configError : t('channels.configInvalid')}>
          {(attributes) => <Textarea {...attributes} spellCheck={false} className="min-h-32 font-mono text-xs" value={config} onChange={(event) => setConfig(event.target.value)} />}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" variant="primary" disabled={save.isPending || !read}>{t('action.save')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
