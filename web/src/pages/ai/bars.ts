import type { Execution, ExecutionNode } from '@/api/executions'

export interface Bar {
  node: ExecutionNode
  fromMs: number
  tookMs: number
}

/** The nodes of a run against its time; parallel ones overlap. */
export function barsOf(run: Pick<Execution, 'nodes' | 'startedAt' | 'durationMs'>): { bars: Bar[]; totalMs: number } {
  const began = new Date(run.startedAt).getTime()
  let end = 0
  const bars = run.nodes.map((node) => {
    const known = node.startedAt ? new Date(node.startedAt).getTime() - began : end
    const fromMs = Math.max(0, Number.isNaN(known) ? end : known)
    end = Math.max(end, fromMs + node.durationMs)
    return { node, fromMs, tookMs: node.durationMs }
  })
  return { bars, totalMs: Math.max(1, run.durationMs ?? 0, end) }
}
