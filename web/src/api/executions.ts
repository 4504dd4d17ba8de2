import { call } from './client'
import { Failure } from './failure'

/** One visit of a node. The committed description of the API does not have these routes yet. */
export interface ExecutionNode {
  nodeId: string
  nodeType: string
  nodeName: string
  status: string
  input?: unknown
  output?: unknown
  startedAt?: string
  durationMs: number
  attempt: number
  error?: string | null
}

export interface ExecutionRow {
  id: string
  flowId: string
  flowVersion?: number
  robotId: string
  sessionId?: string | null
  messageIds: string[]
  status: string
  startedAt: string
  durationMs?: number | null
  errorCode?: string | null
  error?: string | null
  tokens?: number
  costMicros?: number
  retryOf?: string | null
}

export interface Execution extends ExecutionRow {
  context?: unknown
  nodes: ExecutionNode[]
}

export interface ExecutionQuery {
  robotId?: string | undefined
  status?: string | undefined
  messageId?: string | undefined
  page?: number
  pageSize?: number
}

/** Runs of flows, newest first. */
export async function listExecutions(query: ExecutionQuery): Promise<{ total: number; list: ExecutionRow[] }> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  return call('GET', `/api/flow-executions?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`)
}

export const readExecution = (id: string) => call<Execution>('GET', `/api/flow-executions/${encodeURIComponent(id)}`)

export const retryExecution = (id: string, from: string) =>
  call<{ id: string }>('POST', `/api/flow-executions/${encodeURIComponent(id)}/retry`, { from })

/** Whether a server answered that it has no such route. */
export const isUnknownRoute = (error: unknown) => error instanceof Failure && error.reason === 'route_not_found'
