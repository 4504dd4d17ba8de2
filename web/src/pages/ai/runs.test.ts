import { expect, it } from 'vitest'
import type { LiveEvent } from '@/live/protocol'
import { barsOf } from './bars'
import { RunStore } from './runs'

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 30, 12, 0, 0) + seconds * 1_000).toISOString()
const event = (type: string, data: Record<string, unknown>): LiveEvent => ({ type, seq: 1, timestamp: 0, data: { instanceId: 'run_1', ...data } })

it('makes a run of its events', () => {
  const store = new RunStore()
  store.take([
    event('node_executed', { nodeId: 'intent', nodeName: '意图AI分析', nodeType: 'intent', status: 'completed', duration: 800, attempt: 1, timestamp: at(1) }),
    event('intent_recognized', { nodeId: 'intent', intent: '退款', timestamp: at(1) }),
    event('node_executed', { nodeId: 'ai_reply', nodeName: 'AI客服回复', nodeType: 'ai_reply', status: 'completed', duration: 2_000, attempt: 2, timestamp: at(3.2) }),
    event('ai_reply_generated', { nodeId: 'ai_reply', tokensIn: 180, tokensOut: 76, timestamp: at(3.2) }),
  ])
  expect(store.view()[0]).toMatchObject({ id: 'run_1', status: 'running', intent: '退款', tokens: 256, startedAt: at(0.2) })
  store.take([event('flow_completed', { status: 'completed', duration: 4_500, messageIds: ['m'] })])
  expect(store.view()).toHaveLength(1)
  expect(store.view()[0]).toMatchObject({ status: 'completed', durationMs: 4_500, messageIds: ['m'] })
  const { bars, totalMs } = barsOf(store.view()[0]!)
  expect(totalMs).toBe(4_500)
  expect(bars.map((bar) => [bar.node.nodeId, bar.fromMs, bar.tookMs])).toEqual([['intent', 0, 800], ['ai_reply', 1_000, 2_000]])
})
