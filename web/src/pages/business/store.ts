import type { FeedStatus, FeedView } from '@/api/schema'
import type { LiveEvent } from '@/live/protocol'
import { Ring } from '@/live/ring'

export const CAPACITY = 5_000

/** A message or command in the list. */
export interface MessageRow extends FeedView {
  kind: 'message'
  /** Raised when it changes while it is looked at. */
  changes: number
}

/** A time of which rows are missing. */
export interface GapRow {
  kind: 'gap'
  id: string
  from: number
  to: number
}

export type Row = MessageRow | GapRow

export interface View {
  rows: readonly Row[]
  isPaused: boolean
  /** Rows that came while paused. */
  held: number
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const textOrNull = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)
const numberOrNull = (value: unknown) => (typeof value === 'number' ? value : null)
const millisBetween = (from: string, to: unknown) => {
  const millis = new Date(textOf(to)).getTime() - new Date(from).getTime()
  return Number.isNaN(millis) ? null : Math.max(0, millis)
}

const SENT_STATES = new Set(['sent', 'confirmed', 'succeeded', 'partial'])
/** What became of a command, in the words of messages. */
export const statusOfCommand = (state: unknown): FeedStatus =>
  state === 'queued' ? 'queued' : SENT_STATES.has(String(state)) ? 'sent' : 'failed'

/** The rows of 业务消息监控: a page of the past, then live events. React looks at it through `view`. */
export class MessageStore {
  private readonly ring = new Ring<Row>(CAPACITY)
  private readonly watchers = new Set<() => void>()
  private current: View = { rows: [], isPaused: false, held: 0 }

  watch = (watcher: () => void) => {
    this.watchers.add(watcher)
    return () => void this.watchers.delete(watcher)
  }

  view = (): View => this.current

  /** Begins with a page of the past, newest first. */
  begin(page: readonly FeedView[]) {
    this.ring.clear()
    for (const row of page.toReversed()) this.ring.put({ ...row, kind: 'message', changes: 0 })
    this.show(0)
  }

  /** Puts rows of the past where a gap was. */
  fill(gap: string, page: readonly FeedView[]) {
    this.ring.remove(gap)
    const known = this.ring.newestFirst()
    this.ring.clear()
    const sorted = [...known.filter((row) => row.kind === 'message'), ...page.filter((row) => !known.some(({ id }) => id === row.id)).map((row): MessageRow => ({ ...row, kind: 'message', changes: 0 }))]
    const gaps = known.filter((row): row is GapRow => row.kind === 'gap')
    const placeOf = (row: Row) => (row.kind === 'gap' ? row.to : row.seq)
    for (const row of [...sorted, ...gaps].toSorted((one, other) => placeOf(one) - placeOf(other))) this.ring.put(row)
    this.show(0)
  }

  gap(from: number, to: number) {
    this.ring.put({ kind: 'gap', id: `gap-${from}-${to}`, from, to })
    this.show(0)
  }

  /** Takes live events; tells how many rows are new and how many commands failed. */
  take(events: readonly LiveEvent[]): { added: number; failed: number } {
    let added = 0
    let failed = 0
    for (const event of events) {
      if (event.type === 'message_received' || event.type === 'message_sent') added += this.add(event) ? 1 : 0
      if (event.type === 'command_result') failed += this.settle(event) ? 1 : 0
    }
    this.show(added)
    return { added, failed }
  }

  pause() {
    this.become({ ...this.current, isPaused: true })
  }

  resume() {
    this.become({ rows: this.ring.newestFirst(), isPaused: false, held: 0 })
  }

  private show(added: number) {
    if (this.current.isPaused) this.become({ ...this.current, held: this.current.held + added })
    else this.become({ rows: this.ring.newestFirst(), isPaused: false, held: 0 })
  }

  private become(view: View) {
    this.current = view
    this.watchers.forEach((watcher) => watcher())
  }

  private change(id: string, change: Partial<FeedView>) {
    const row = this.ring.get(id)
    if (row?.kind === 'message') this.ring.put({ ...row, ...change, changes: row.changes + 1 })
  }

  private add({ data, seq, type }: LiveEvent): boolean {
    const commandId = textOrNull(data.sendId)
    const createdAt = textOf(data.timestamp)
    const replyTo = commandId ? textOrNull(data.messageId) : null
    const titles = Array.isArray(data.titleList) ? data.titleList.filter((title) => typeof title === 'string') : []
    if (replyTo) {
      const asked = this.ring.get(replyTo)
      if (asked?.kind === 'message') this.change(replyTo, { status: 'replied', commandId, latencyMs: millisBetween(asked.createdAt, createdAt) })
    }
    return this.ring.put({
      kind: 'message',
      changes: 0,
      id: commandId ?? textOf(data.messageId),
      seq,
      robotId: textOf(data.robotId),
      sessionId: textOrNull(data.sessionId),
      direction: type === 'message_sent' ? 'out' : 'in',
      userName: commandId ? titles.join('、') : textOf(data.userName),
      groupName: textOf(data.groupName),
      roomType: numberOrNull(data.roomType),
      textType: numberOrNull(data.textType) ?? 0,
      content: textOf(data.content),
      status: commandId ? statusOfCommand(data.status) : type === 'message_sent' ? 'sent' : 'received',
      latencyMs: null,
      commandId,
      errorCode: null,
      executionId: null,
      replyTo,
      createdAt,
    })
  }

  /** True when the command failed. */
  private settle({ data }: LiveEvent): boolean {
    const id = textOf(data.sendId)
    const row = this.ring.get(id)
    const status = statusOfCommand(data.status)
    const result = typeof data.result === 'object' && data.result !== null ? (data.result as Record<string, unknown>) : {}
    if (row?.kind === 'message') {
      this.change(id, { status, errorCode: numberOrNull(result.errorCode), latencyMs: millisBetween(row.createdAt, data.timestamp) })
    }
    return status === 'failed'
  }
}
