import { expect, it } from 'vitest'
import type { FeedView } from '@/api/schema'
import type { LiveEvent } from '@/live/protocol'
import { MessageStore, statusOfCommand } from './store'

const past = (id: string, seq: number): FeedView => ({
  id, seq, robotId: 'robot_1', sessionId: null, direction: 'in', userName: '张三', groupName: '', roomType: 4, textType: 1,
  content: id, status: 'received', latencyMs: null, commandId: null, errorCode: null, executionId: null, replyTo: null,
  createdAt: '2026-01-30T12:00:00.000Z',
})
const received = (id: string, seq: number): LiveEvent => ({
  type: 'message_received', seq, timestamp: 0,
  data: { messageId: id, robotId: 'robot_1', userName: '李四', content: '你好', timestamp: '2026-01-30T12:00:01.000Z' },
})
const sent = (id: string, seq: number, messageId: string): LiveEvent => ({
  type: 'message_sent', seq, timestamp: 0,
  data: { sendId: id, messageId, titleList: ['李四'], status: 'sent', content: '您好', timestamp: '2026-01-30T12:00:02.500Z' },
})
const result = (id: string, seq: number, status: string, errorCode: number): LiveEvent => ({
  type: 'command_result', seq, timestamp: 0,
  data: { sendId: id, status, result: { errorCode }, timestamp: '2026-01-30T12:00:03.000Z' },
})
const ids = (store: MessageStore) => store.view().rows.map((row) => row.id)

it('goes on from a page of the past without a repeat', () => {
  const store = new MessageStore()
  store.begin([past('b', 2), past('a', 1)])
  expect(store.take([received('b', 2), received('c', 3)])).toEqual({ added: 1, failed: 0 })
  expect(ids(store)).toEqual(['c', 'b', 'a'])
})

it('marks a message as answered and a command by its result', () => {
  const store = new MessageStore()
  store.take([received('a', 1), sent('x', 2, 'a')])
  expect(store.view().rows[1]).toMatchObject({ id: 'a', status: 'replied', latencyMs: 1_500, commandId: 'x' })
  expect(store.view().rows[0]).toMatchObject({ id: 'x', direction: 'out', status: 'sent', userName: '李四', replyTo: 'a' })
  expect(store.take([result('x', 3, 'failed', 201_102)])).toEqual({ added: 0, failed: 1 })
  expect(store.view().rows[0]).toMatchObject({ status: 'failed', errorCode: 201_102, latencyMs: 500, changes: 1 })
})

it('holds what comes while paused and shows all of it afterwards', () => {
  const store = new MessageStore()
  store.take([received('a', 1)])
  store.pause()
  store.take([received('b', 2), received('c', 3)])
  expect([ids(store), store.view().held, store.view().isPaused]).toEqual([['a'], 2, true])
  store.resume()
  expect([ids(store), store.view().held, store.view().isPaused]).toEqual([['c', 'b', 'a'], 0, false])
})

it('shows a gap in its place and fills it', () => {
  const store = new MessageStore()
  store.take([received('a', 1)])
  store.gap(2, 8)
  store.take([received('z', 9)])
  expect(ids(store)).toEqual(['z', 'gap-2-8', 'a'])
  store.fill('gap-2-8', [past('f', 6), past('e', 5), past('a', 1)])
  expect(ids(store)).toEqual(['z', 'f', 'e', 'a'])
})

it('says of every state of a command what it means for the message', () => {
  expect(['queued', 'sent', 'partial', 'expired', 'unknown'].map(statusOfCommand)).toEqual(['queued', 'sent', 'sent', 'failed', 'failed'])
})
