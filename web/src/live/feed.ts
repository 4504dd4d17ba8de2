import { parseFrame, type ChannelName, type ClientFrame, type FilterFrame, type LiveEvent, type ServerFrame, type Stat } from './protocol'
import type { ActorSnapshot } from '@/api/schema'

export type Connection = 'off' | 'connecting' | 'live' | 'lost' | 'ended'

/** What one page hears of one channel. */
export interface Listener {
  events?: (events: LiveEvent[], skipped: number) => void
  gap?: (from: number, to: number) => void
  stat?: (stat: Stat) => void
  actors?: (list: ActorSnapshot[], total: number) => void
}

export interface SocketLike {
  onopen: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  send(text: string): void
  close(): void
}

export interface FeedOptions {
  open: () => SocketLike
  /** Between 0 and 1. */
  random?: () => number
  /** Runs when the page is about to be drawn. */
  frame?: (run: () => void) => void
}

interface Topic {
  filter: FilterFrame
  /** Everything up to here was heard; null = from now on. */
  position: number | null
  listener: Listener
}

const FLUSH_MS = 100
const BACKOFF_FIRST_MS = 500
const BACKOFF_MAX_MS = 30_000

/** One socket to `/ws/monitor` with a topic per channel. It knows nothing of React. */
export class LiveFeed {
  private readonly topics = new Map<ChannelName, Topic>()
  private readonly watchers = new Set<() => void>()
  private socket: SocketLike | null = null
  /** Late callbacks of an earlier socket carry an earlier number and do nothing. */
  private generation = 0
  private attempts = 0
  private reconnecting: ReturnType<typeof setTimeout> | null = null
  private flushing: ReturnType<typeof setTimeout> | null = null
  private waiting: Extract<ServerFrame, { type: 'batch' }>[] = []
  private isIdle = false
  private state: Connection = 'off'

  constructor(private readonly options: FeedOptions) {}

  get connection(): Connection {
    return this.state
  }

  /** Tells about every change of the connection; returns how to stop that. */
  watch = (watcher: () => void) => {
    this.watchers.add(watcher)
    return () => void this.watchers.delete(watcher)
  }

  start() {
    this.stop()
    this.attempts = 0
    this.connect()
  }

  stop() {
    this.generation += 1
    if (this.reconnecting) clearTimeout(this.reconnecting)
    if (this.flushing) clearTimeout(this.flushing)
    this.reconnecting = null
    this.flushing = null
    this.waiting = []
    this.socket?.close()
    this.socket = null
    this.become('off')
  }

  /** Hears a channel from `after` on; returns how to stop. A channel has one listener, the last. */
  subscribe(channel: ChannelName, listener: Listener, filter: FilterFrame = {}, after: number | null = null) {
    const topic: Topic = { filter, position: after, listener }
    this.topics.set(channel, topic)
    // What is still on its way to the listener before must not reach this one.
    this.waiting = this.waiting.filter((frame) => frame.channel !== channel)
    this.ask(channel, topic)
    return () => {
      if (this.topics.get(channel) !== topic) return
      this.topics.delete(channel)
      this.say({ op: 'unsub', channel })
    }
  }

  /** A page nobody sees wants no rows. */
  setIdle(isIdle: boolean) {
    if (this.isIdle === isIdle) return
    this.isIdle = isIdle
    this.say({ op: isIdle ? 'idle' : 'active' })
  }

  private become(state: Connection) {
    if (this.state === state) return
    this.state = state
    this.watchers.forEach((watcher) => watcher())
  }

  private connect() {
    this.generation += 1
    const generation = this.generation
    const isCurrent = () => generation === this.generation
    this.become(this.attempts === 0 ? 'connecting' : 'lost')
    const socket = this.options.open()
    this.socket = socket
    socket.onopen = () => {
      if (!isCurrent()) return
      this.attempts = 0
      this.become('live')
      this.topics.forEach((topic, channel) => this.ask(channel, topic))
      if (this.isIdle) this.say({ op: 'idle' })
    }
    socket.onmessage = (event) => {
      if (isCurrent()) this.hear(String(event.data))
    }
    socket.onclose = () => {
      if (isCurrent()) this.lose()
    }
  }

  private lose() {
    this.socket = null
    if (this.state === 'ended') return
    // What was heard but not shown was not acknowledged either: it is shown now, and the position stands after it.
    this.flush()
    this.become('lost')
    const limit = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(this.attempts, 10))
    this.attempts += 1
    const delay = limit / 2 + (limit / 2) * (this.options.random ?? Math.random)()
    this.reconnecting = setTimeout(() => this.connect(), delay)
  }

  private ask(channel: ChannelName, topic: Topic) {
    this.say({ op: 'sub', channel, filter: topic.filter, ...(topic.position === null ? {} : { after: topic.position }) })
  }

  private say(frame: ClientFrame) {
    if (this.state === 'live') this.socket?.send(JSON.stringify(frame))
  }

  private hear(text: string) {
    const frame = parseFrame(text)
    if (!frame) return
    switch (frame.type) {
      case 'batch':
        this.waiting.push(frame)
        this.scheduleFlush()
        break
      case 'gap': {
        // Rows that came before the gap stand before it.
        this.flush()
        const topic = this.topics.get(frame.channel)
        if (!topic) break
        topic.position = Math.max(topic.position ?? 0, frame.to)
        topic.listener.gap?.(frame.from, frame.to)
        break
      }
      case 'stat': {
        const topic = this.topics.get(frame.stat.channel)
        // Whoever began with "from now on" and heard nothing yet knows from here on what "now" was.
        if (topic && !this.isIdle && this.waiting.length === 0) topic.position ??= frame.seq
        topic?.listener.stat?.(frame.stat)
        break
      }
      case 'actors':
        this.topics.get('actors')?.listener.actors?.(frame.list, frame.total)
        break
      case 'bye':
        this.become('ended')
        break
      case 'error':
        break
      default:
        frame satisfies never
    }
  }

  private scheduleFlush() {
    if (this.flushing) return
    const generation = this.generation
    this.flushing = setTimeout(() => {
      const draw = this.options.frame ?? ((run) => requestAnimationFrame(run))
      draw(() => {
        if (generation === this.generation) this.flush()
      })
    }, FLUSH_MS)
  }

  /** Hands on what was gathered and acknowledges it: a slow page is sent less. */
  private flush() {
    if (this.flushing) clearTimeout(this.flushing)
    this.flushing = null
    const frames = this.waiting
    this.waiting = []
    for (const frame of frames) {
      const topic = this.topics.get(frame.channel)
      if (topic) {
        const position = topic.position ?? 0
        const events = frame.events.filter((event) => event.seq > position)
        topic.position = Math.max(position, frame.to)
        topic.listener.events?.(events, frame.skipped)
      }
      this.say({ op: 'ack', seq: frame.seq })
    }
  }
}
