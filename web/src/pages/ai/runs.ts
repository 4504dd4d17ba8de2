import type { Execution, ExecutionNode, ExecutionRow } from '@/api/executions'
import type { LiveEvent } from '@/live/protocol'
import { Ring } from '@/live/ring'

export const CAPACITY = 500

export interface Run extends Execution {
  intent: string | null
  tokens: number
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const numberOf = (value: unknown) => (typeof value === 'number' ? value : 0)

const fresh = (id: string, data: Record<string, unknown>): Run => ({
  id,
  flowId: textOf(data.flowId),
  robotId: textOf(data.robotId),
  sessionId: textOf(data.sessionId) || null,
  messageIds: data.messageId ? [textOf(data.messageId)] : [],
  status: 'running',
  startedAt: textOf(data.timestamp),
  durationMs: null,
  nodes: [],
  intent: null,
  tokens: 0,
})

/** When a node began, from the time it was told and how long it took. */
const beganAt = (data: Record<string, unknown>) =>
  new Date(new Date(textOf(data.timestamp)).getTime() - numberOf(data.duration)).toISOString()

function nodeOf(data: Record<string, unknown>): ExecutionNode {
  return {
    nodeId: textOf(data.nodeId),
    nodeType: textOf(data.nodeType),
    nodeName: textOf(data.nodeName),
    status: textOf(data.status) || 'completed',
    output: data.output,
    startedAt: beganAt(data),
    durationMs: numberOf(data.duration),
    attempt: numberOf(data.attempt) || 1,
    error: textOf(data.error) || null,
  }
}

function apply(run: Run, { type, data }: LiveEvent): Run {
  switch (type) {
    case 'node_executed': {
      const node = nodeOf(data)
      const startedAt = run.nodes.length === 0 ? (node.startedAt ?? run.startedAt) : run.startedAt
      return { ...run, startedAt, nodes: [...run.nodes.filter((old) => old.nodeId !== node.nodeId || old.attempt !== node.attempt), node] }
    }
    case 'intent_recognized':
      return { ...run, intent: textOf(data.intent) || run.intent }
    case 'ai_reply_generated':
      return { ...run, tokens: run.tokens + numberOf(data.tokensIn) + numberOf(data.tokensOut) }
    case 'flow_completed':
      return {
        ...run,
        status: textOf(data.status) || 'completed',
        durationMs: typeof data.duration === 'number' ? data.duration : run.durationMs,
        errorCode: textOf(data.errorCode) || null,
        messageIds: Array.isArray(data.messageIds) ? data.messageIds.map(String) : run.messageIds,
      }
    default:
      return run
  }
}

/** Runs as they happen, kept by their id. */
export class RunStore {
  private readonly ring = new Ring<Run>(CAPACITY)
  private readonly watchers = new Set<() => void>()
  private rows: readonly Run[] = []

  watch = (watcher: () => void) => {
    this.watchers.add(watcher)
    return () => void this.watchers.delete(watcher)
  }

  view = () => this.rows

  begin(page: readonly ExecutionRow[]) {
    for (const row of page.toReversed()) {
      const known = this.ring.get(row.id)
      this.ring.put({ ...row, nodes: known?.nodes ?? [], intent: known?.intent ?? null, tokens: row.tokens ?? known?.tokens ?? 0 })
    }
    this.show()
  }

  take(events: readonly LiveEvent[]) {
    for (const event of events) {
      const id = textOf(event.data.instanceId)
      if (id) this.ring.put(apply(this.ring.get(id) ?? fresh(id, event.data), event))
    }
    this.show()
  }

  private show() {
    this.rows = this.ring.newestFirst()
    this.watchers.forEach((watcher) => watcher())
  }
}
