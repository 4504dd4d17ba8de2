import { expect, it } from 'vitest'
import { Ring } from './ring'

it('keeps the newest rows, replaces a row in its place and counts what it forgot', () => {
  const ring = new Ring<{ id: string; text: string }>(3)
  for (const id of ['a', 'b', 'c']) expect(ring.put({ id, text: id })).toBe(true)
  expect(ring.put({ id: 'a', text: 'changed' })).toBe(false)
  expect(ring.newestFirst().map((row) => row.text)).toEqual(['c', 'b', 'changed'])
  ring.put({ id: 'd', text: 'd' })
  expect(ring.newestFirst().map((row) => row.id)).toEqual(['d', 'c', 'b'])
  expect([ring.size, ring.forgotten, ring.get('a')]).toEqual([3, 1, undefined])
})
