import { expect, it } from 'vitest'
import type { ActorSnapshot } from '@/api/schema'
import { isTroubled, linesOf, pressureOf, treeOf } from './tree'

const actor = (id: string, parent: string | null, change: Partial<ActorSnapshot> = {}): ActorSnapshot => ({
  id, kind: 'robot', parent, state: 'running', mailbox: { depth: 0, capacity: 100 }, handled: 0, refused: 0, restarts: 0,
  lastExit: null, since: '2026-01-30T12:00:00Z', current: null, ...change,
})

it('makes a tree of a list in any order and hides what is below a closed node', () => {
  const roots = treeOf([actor('b', 'sup'), actor('sup', 'root'), actor('a', 'sup'), actor('root', null), actor('lost', 'gone')])
  const told = (closed: string[]) => linesOf(roots, new Set(closed)).map((line) => `${line.depth} ${line.id} ${line.below}`)
  expect(told([])).toEqual(['0 gone 1', '1 lost 0', '0 root 1', '1 sup 2', '2 a 0', '2 b 0'])
  expect(told(['sup'])).toEqual(['0 gone 1', '1 lost 0', '0 root 1', '1 sup 2'])
})

it('knows pressure and trouble', () => {
  expect([0.69, 0.7, 0.9].map(pressureOf)).toEqual(['ok', 'warn', 'bad'])
  expect(isTroubled(actor('a', null))).toBe(false)
  expect(isTroubled(actor('a', null, { mailbox: { depth: 75, capacity: 100 } }))).toBe(true)
  expect(isTroubled(actor('a', null, { breaker: 'open' }))).toBe(true)
  expect(isTroubled(actor('a', null, { mailbox: { depth: 0, capacity: 0 } }))).toBe(false)
})
