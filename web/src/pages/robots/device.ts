/** Brand, model, system and app of a phone, as far as it told them. */
export function deviceText(info: unknown): string {
  if (typeof info !== 'object' || info === null) return '—'
  const device = info as Record<string, unknown>
  const told = ['brand', 'model', 'osVersion', 'appVersion'].map((name) => device[name]).filter((value) => typeof value === 'string' && value !== '')
  return told.length > 0 ? told.join(' · ') : '—'
}
