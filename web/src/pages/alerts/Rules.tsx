import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CirclePause, MoreHorizontal, Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import type { RuleView } from '@/api/schema'
import { useMay } from '@/api/session'
import { LevelBadge } from '@/components/status'
import { useAction } from '@/components/useAction'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Confirm } from '@/components/ui/confirm'
import { DataTable } from '@/components/ui/data-table'
import { Menu } from '@/components/ui/menu'
import { Empty } from '@/components/ui/states'
import { PAGE_SIZE, pageOf, useFilters } from '@/lib/filters'
import { dateTime, duration } from '@/lib/format'
import { RuleForm } from './RuleForm'
import { signOf, valueText } from './ruleValue'

const HOUR = 3_600_000

export function Rules() {
  const { t } = useTranslation()
  const filters = useFilters<'page'>()
  const mayDesign = useMay('design')
  const [edited, setEdited] = useState<RuleView | 'new' | null>(null)
  const [removed, setRemoved] = useState<RuleView | null>(null)
  const page = pageOf(filters.get('page'))
  const query = useQuery({
    queryKey: ['rules', page],
    queryFn: () => unwrap(client.GET('/api/alert-rules', { params: { query: { page, pageSize: PAGE_SIZE } } })),
  })
  const change = useAction({
    run: ({ id, ...fields }: { id: string; isActive?: boolean; silencedUntil?: string }) => unwrap(client.PUT('/api/alert-rules/{id}', { params: { path: { id } }, body: fields })),
    changes: ['rules'],
    done: t('rules.saved'),
  })
  const remove = useAction({
    run: (id: string) => unwrap(client.DELETE('/api/alert-rules/{id}', { params: { path: { id } } })),
    changes: ['rules'],
    done: t('rules.removed'),
  })
  const create = mayDesign ? (
    <Button variant="primary" onClick={() => setEdited('new')}>
      <Plus /> {t('rules.create')}
    </Button>
  ) : null
  return (
    <>
      <div className="flex justify-end">{create}</div>
      <DataTable
        label={t('rules.rows')}
        query={query}
        rowKey={(row) => row.id}
        page={page}
        onPage={(next) => filters.set({ page: String(next) })}
        empty={<Empty title={t('rules.emptyTitle')} action={create}>{t('rules.emptyHint')}</Empty>}
        columns={[
          { id: 'name', title: t('rules.name'), cell: (row) => <span className="font-medium">{row.name}{row.isPreset ? <span className="ml-2 text-xs font-normal text-muted">{t('rules.preset')}</span> : null}</span> },
          { id: 'level', title: t('rules.level'), cell: (row) => <LevelBadge level={row.level} /> },
          { id: 'condition', title: t('rules.condition'), cell: (row) => `${t(`metric.${row.metric}`)} ${signOf(row.operator)} ${valueText(row.value)}` },
          { id: 'window', title: t('rules.window'), cell: (row) => row.windowSecs, isNumber: true },
          { id: 'cooldown', title: t('rules.cooldown'), cell: (row) => duration(row.cooldownSecs * 1_000), isNumber: true },
          { id: 'channels', title: t('rules.channels'), cell: (row) => row.channelIds.length, isNumber: true },
          {
            id: 'active',
            title: t('channels.active'),
            cell: (row) =>
              row.silencedUntil && new Date(row.silencedUntil).getTime() > Date.now() ? (
                <Badge tone="warn" icon={CirclePause}>{t('rules.silenced', { time: dateTime(row.silencedUntil).slice(11, 16) })}</Badge>
              ) : (
                <Badge tone={row.isActive ? 'ok' : 'plain'} icon={row.isActive ? CircleCheck : CirclePause}>{t(row.isActive ? 'rules.active' : 'rules.inactive')}</Badge>
              ),
          },
          ...(mayDesign
            ? [
                {
                  id: 'actions',
                  title: t('shell.actions'),
                  cell: (row: RuleView) => (
                    <Menu
                      trigger={<Button variant="ghost" size="sm" aria-label={`${t('action.more')} ${row.name}`}><MoreHorizontal /></Button>}
                      items={[
                        { label: t('action.edit'), onSelect: () => setEdited(row) },
                        { label: t(row.isActive ? 'action.disable' : 'action.enable'), onSelect: () => change.mutate({ id: row.id, isActive: !row.isActive }) },
                        { label: t('rules.silenceHour'), onSelect: () => change.mutate({ id: row.id, silencedUntil: new Date(Date.now() + HOUR).toISOString() }) },
                        { label: t('action.delete'), isDanger: true, isDisabled: row.isPreset, onSelect: () => setRemoved(row) },
                      ]}
                    />
                  ),
                },
              ]
            : []),
        ]}
      />
      {edited ? <RuleForm rule={edited === 'new' ? null : edited} onClose={() => setEdited(null)} /> : null}
      <Confirm isOpen={removed !== null} onClose={() => setRemoved(null)} onConfirm={() => removed && remove.mutate(removed.id)} title={t('rules.removeTitle', { name: removed?.name ?? '' })} action={t('action.delete')}>
        {t('rules.removeHint')}
      </Confirm>
    </>
  )
}
