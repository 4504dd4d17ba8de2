const ZONE = 'Asia/Shanghai'

const parts = new Intl.DateTimeFormat('sv-SE', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

const isTime = (value: string | number | null | undefined): value is string | number =>
  value !== null && value !== undefined && !Number.isNaN(new Date(value).getTime())

/** `2026-01-30 12:00:00`, or a dash. */
export const dateTime = (value: string | number | null | undefined) =>
  isTime(value) ? parts.format(new Date(value)) : '—'

/** `12:00:00.248`, or a dash. */
export function clockTime(value: string | number | null | undefined) {
  if (!isTime(value)) return '—'
  const millis = String(new Date(value).getTime() % 1_000).padStart(3, '0')
  return `${dateTime(value).slice(11)}.${millis}`
}

/** `12 ms`, `1.28 s`, `2 min 5 s`. */
export function duration(millis: number | null | undefined): string {
  if (millis === null || millis === undefined) return '—'
  if (millis < 1_000) return `${Math.round(millis)} ms`
  if (millis < 60_000) return `${(millis / 1_000).toFixed(millis < 10_000 ? 2 : 1)} s`
  const seconds = Math.round(millis / 1_000)
  const units = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]] as const
  const largest = units.findIndex(([, size]) => seconds >= size)
  const shown = units.slice(largest, largest + 2).map(([unit, size], place) => [Math.floor((place === 0 ? seconds : seconds % (units[largest]?.[1] ?? 1)) / size), unit] as const)
  return shown
    .filter(([amount]) => amount > 0)
    .map((part) => part.join(' '))
    .join(' ')
}

export const sinceNow = (value: string | null | undefined, now = Date.now()) =>
  isTime(value) ? duration(Math.max(0, now - new Date(value).getTime())) : '—'

const grouped = new Intl.NumberFormat('zh-CN')
export const count = (value: number | null | undefined) => (value === null || value === undefined ? '—' : grouped.format(value))

/** A share of one as a percentage with one digit. */
export const percent = (share: number | null | undefined) =>
  share === null || share === undefined ? '—' : `${(share * 100).toFixed(1)} %`

/** Millionths of a yuan. */
export const yuan = (micros: number) => `¥${(micros / 1_000_000).toFixed(micros > 0 && micros < 10_000 ? 4 : 2)}`
