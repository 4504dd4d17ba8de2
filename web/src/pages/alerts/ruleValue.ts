import type { AlertMetric } from '@/api/schema'

/** What a rule compares with, as a text. */
export const valueText = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') : typeof value === 'string' || typeof value === 'number' ? String(value) : ''

const SIGNS: Record<string, string> = { gt: '>', gte: '≥', lt: '<', lte: '≤', eq: '=', ne: '≠', in: '∈', not_in: '∉', contains: '∋' }

/** An operator as a sign. */
export const signOf = (operator: string) => SIGNS[operator] ?? operator

const WORDS: readonly AlertMetric[] = ['keyword', 'intent', 'level']

/** Operators a metric can be compared by. */
export function operatorsOf(metric: AlertMetric): readonly string[] {
  if (metric === 'keyword') return ['contains']
  if (metric === 'intent') return ['in', 'not_in']
  return metric === 'level' ? ['gte', 'eq'] : ['gt', 'gte', 'lt', 'lte', 'eq', 'ne']
}

/** A text as the value a metric is compared with. */
export function readValue(metric: AlertMetric, text: string): string | number | string[] {
  if (metric === 'level') return text.trim()
  if (WORDS.includes(metric)) return text.split(/[,，]/).map((word) => word.trim()).filter(Boolean)
  return Number(text)
}
