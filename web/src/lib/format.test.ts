import { expect, it } from 'vitest'
import { clockTime, dateTime, duration, percent, yuan } from './format'

it('shows times in Shanghai', () => {
  expect(dateTime('2026-01-30T16:00:05.248Z')).toBe('2026-01-31 00:00:05')
  expect(clockTime('2026-01-30T16:00:05.248Z')).toBe('00:00:05.248')
  expect([dateTime(null), dateTime('nonsense'), clockTime(undefined)]).toEqual(['—', '—', '—'])
})

it('shows durations, shares and money with their unit', () => {
  expect([0, 999, 1_281, 45_000, 125_000, 600_000, 7_500_000, 180_000_000].map(duration)).toEqual(
    ['0 ms', '999 ms', '1.28 s', '45.0 s', '2 min 5 s', '10 min', '2 h 5 min', '2 d 2 h'],
  )
  expect([percent(0.978), percent(null), yuan(144_000), yuan(1_200)]).toEqual(['97.8 %', '—', '¥0.14', '¥0.0012'])
})
