import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { client, idempotencyKey, unwrap } from '@/api/client'
import { Failure } from '@/api/failure'
import type { AlertLevel, AlertMetric, RuleView } from '@/api/schema'
import { useAction } from '@/components/useAction'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input, Select } from '@/components/ui/field'
import { operatorsOf, readValue, signOf, valueText } from './ruleValue'

const METRICS: readonly AlertMetric[] = ['keyword', 'intent', 'level', 'robot_offline', 'ai_failure_rate', 'callback_failure_rate', 'response_ms', 'error_rate', 'backlog']
const LEVELS: readonly AlertLevel[] = ['critical', 'warning', 'info']

export function RuleForm({ rule, onClose }: { rule: RuleView | null; onClose: () => void }) {
  const { t } = useTranslation()
  const [key] = useState(idempotencyKey)
  const [form, setForm] = useState({
    name: rule?.name ?? '',
    metric: rule?.metric ?? ('keyword' as AlertMetric),
    operator: rule?.operator ?? 'contains',
    value: valueText(rule?.value),
    level: rule?.level ?? ('warning' as AlertLevel),
    windowSecs: String(rule?.windowSecs ?? 300),
    forSecs: String(rule?.forSecs ?? 0),
    cooldownSecs: String(rule?.cooldownSecs ?? 600),
    isActive: rule?.isActive ?? true,
    channelIds: rule?.channelIds ?? [],
  })
  const set = (change: Partial<typeof form>) => setForm((old) => ({ ...old, ...change }))
  const channels = useQuery({
    queryKey: ['channels', 'names'],
    queryFn: () => unwrap(client.GET('/api/notification-channels', { params: { query: { pageSize: 200 } } })),
  })
  const save = useAction({
    run: () => {
      const body = {
        name: form.name.trim(),
        metric: form.metric,
        operator: form.operator,
        value: readValue(form.metric, form.value) as unknown as Record<string, never>,
        level: form.level,
        windowSecs: Number(form.windowSecs),
        forSecs: Number(form.forSecs),
        cooldownSecs: Number(form.cooldownSecs),
        isActive: form.isActive,
        channelIds: form.channelIds,
      }
      return rule
        ? unwrap(client.PUT('/api/alert-rules/{id}', { params: { path: { id: rule.id } }, body: { ...body, version: rule.version } }))
        : unwrap(client.POST('/api/alert-rules', { params: { header: { 'Idempotency-Key': key } }, body }))
    },
    changes: ['rules'],
    done: t('rules.saved'),
    onDone: onClose,
  })
  const fields = save.error instanceof Failure ? save.error.fields : {}
  const seconds = (name: 'windowSecs' | 'forSecs' | 'cooldownSecs', label: string) => (
    <Field label={label} error={fields[name]}>
      {(attributes) => <Input {...attributes} type="number" min={0} required value={form[name]} onChange={(event) => set({ [name]: event.target.value })} />}
    </Field>
  )
  return (
    <Dialog isOpen onClose={onClose} title={t(rule ? 'rules.editTitle' : 'rules.create')} className="w-[min(94vw,38rem)]">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Field label={t('rules.name')} error={fields.name}>
          {(attributes) => <Input {...attributes} required maxLength={100} value={form.name} onChange={(event) => set({ name: event.target.value })} />}
        </Field>
        <div className="grid grid-cols-3 gap-3">
          <Field label={t('rules.metric')} error={fields.metric}>
            {(attributes) => (
              <Select
                {...attributes}
                value={form.metric}
                onChange={(event) => {
                  const metric = METRICS.find((one) => one === event.target.value) ?? 'keyword'
                  set({ metric, operator: operatorsOf(metric)[0] ?? 'gt' })
                }}
                options={METRICS.map((one) => [one, t(`metric.${one}`)] as const)}
              />
            )}
          </Field>
          <Field label={t('rules.operator')} error={fields.operator}>
            {(attributes) => (
              <Select {...attributes} value={form.operator} onChange={(event) => set({ operator: event.target.value })} options={[...new Set([...operatorsOf(form.metric), form.operator])].map((one) => [one, `${signOf(one)} ${one}`] as const)} />
            )}
          </Field>
          <Field label={t('rules.level')} error={fields.level}>
            {(attributes) => <Select {...attributes} value={form.level} onChange={(event) => set({ level: LEVELS.find((one) => one === event.target.value) ?? 'warning' })} options={LEVELS.map((one) => [one, t(`alertLevel.${one}`)] as const)} />}
          </Field>
        </div>
        <Field label={t('rules.value')} hint={t('rules.valueHint')} error={fields.value}>
          {(attributes) => <Input {...attributes} required value={form.value} onChange={(event) => set({ value: event.target.value })} />}
        </Field>
        <div className="grid grid-cols-3 gap-3">
          {seconds('windowSecs', t('rules.window'))}
          {seconds('forSecs', t('rules.lasting'))}
          {seconds('cooldownSecs', t('rules.cooldownSecs'))}
        </div>
        {channels.data && channels.data.list.length > 0 ? (
          <fieldset className="flex flex-wrap gap-x-4 gap-y-1 text-[13px]">
            <legend className="mb-1 font-medium">{t('rules.channels')}</legend>
            {channels.data.list.map((channel) => (
              <label key={channel.id} className="flex items-center gap-1.5">
                <input
                  type="checkbox"
                  className="accent-(--accent)"
                  checked={form.channelIds.includes(channel.id)}
                  onChange={(event) => set({ channelIds: event.target.checked ? [...form.channelIds, channel.id] : form.channelIds.filter((one) => one !== channel.id) })}
                />
                {channel.name}
              </label>
            ))}
          </fieldset>
        ) : null}
        <label className="flex items-center gap-1.5 text-[13px]">
          <input type="checkbox" className="accent-(--accent)" checked={form.isActive} onChange={(event) => set({ isActive: event.target.checked })} />
          {t('rules.isActive')}
        </label>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" variant="primary" disabled={save.isPending}>{t('action.save')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
