import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveFeed, type SocketLike } from './feed'
import type { LiveEvent } from './protocol'

class FakeSocket implements SocketLike {
  onopen: SocketLike['onopen'] = null
  onmessage: SocketLike['onmessage'] = null
  onclose: SocketLike['onclose'] = null
  sent: Record<string, unknown>[] = []
  isClosed = false
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }
  close() {
    this.isClosed = true
  }
  opens() {
    this.onopen?.(new Event('open'))
  }
  says(frame: unknown) {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }
  breaks() {
    this.onclose?.({} as CloseEvent)
  }
}

const event = (seq: number): LiveEvent => ({ type: 'message_received', seq, timestamp: seq, data: { messageId: `m${seq}` } })
const batch = (from: number, to: number, events: LiveEvent[], skipped = 0) => ({
  type: 'batch',
  channel: 'panel1',
  seq: to,
  data: { channel: 'panel1', from, to, skipped, events },
})

let sockets: FakeSocket[] = []
const latest = () => sockets.at(-1)!
const makeFeed = () =>
  new LiveFeed({
    open: () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket
    },
    random: () => 1,
    frame: (run) => run(),
  })

describe('LiveFeed', () => {
  beforeEach(() => {
    sockets = []
    vi.useFakeTimers()
  })
  afterEach(() => vi.useRealTimers())

  it('asks for its channels when the socket opens, from the position a page gave', () => {
    const feed = makeFeed()
    feed.subscribe('panel1', {}, { group: '客服群' }, 7)
    feed.start()
    expect(feed.connection).toBe('connecting')
    latest().opens()
    expect(feed.connection).toBe('live')
    expect(latest().sent).toEqual([{ op: 'sub', channel: 'panel1', filter: { group: '客服群' }, after: 7 }])
  })

  it('hands on what came within 100 ms at once and acknowledges every batch', () => {
    const feed = makeFeed()
    const events = vi.fn()
    feed.subscribe('panel1', { events }, {}, 0)
    feed.start()
    latest().opens()
    latest().says(batch(1, 2, [event(1), event(2)]))
    latest().says(batch(3, 900, [event(900)], 5))
    expect(events).not.toHaveBeenCalled()
    expect(latest().sent.filter((frame) => frame.op === 'ack')).toEqual([])
    vi.advanceTimersByTime(100)
    expect(events.mock.calls).toEqual([
      [[event(1), event(2)], 0],
      [[event(900)], 5],
    ])
    expect(latest().sent.filter((frame) => frame.op === 'ack')).toEqual([
      { op: 'ack', seq: 2 },
      { op: 'ack', seq: 900 },
    ])
  })

  it('comes back with growing waits and goes on after the last event it handed on', () => {
    const feed = makeFeed()
    const events = vi.fn()
    feed.subscribe('panel1', { events }, {}, 0)
    feed.start()
    latest().opens()
    latest().says(batch(1, 41, [event(41)]))
    latest().breaks()
    expect(feed.connection).toBe('lost')
    expect(events).toHaveBeenCalledTimes(1)
    for (const wait of [500, 1_000, 2_000]) {
      const before = sockets.length
      vi.advanceTimersByTime(wait - 1)
      expect(sockets.length).toBe(before)
      vi.advanceTimersByTime(1)
      expect(sockets.length).toBe(before + 1)
      latest().breaks()
    }
    vi.advanceTimersByTime(4_000)
    latest().opens()
    expect(feed.connection).toBe('live')
    expect(latest().sent).toEqual([{ op: 'sub', channel: 'panel1', filter: {}, after: 41 }])
    latest().breaks()
    vi.advanceTimersByTime(500)
    expect(sockets.length).toBe(6)
  })

  it('waits 30 seconds at most', () => {
    const feed = makeFeed()
    feed.start()
    for (let round = 0; round < 12; round += 1) {
      latest().breaks()
      vi.advanceTimersByTime(30_000)
    }
    expect(sockets.length).toBe(13)
  })

  it('knows from the first counters on where it began, when no page told it', () => {
    const feed = makeFeed()
    feed.subscribe('panel1', {})
    feed.start()
    latest().opens()
    latest().says({ type: 'stat', channel: 'panel1', seq: 77, data: { channel: 'panel1', rate: 0, ok: 0, failed: 0, processing: 0 } })
    latest().breaks()
    vi.advanceTimersByTime(500)
    latest().opens()
    expect(latest().sent).toEqual([{ op: 'sub', channel: 'panel1', filter: {}, after: 77 }])
  })

  it('drops events it has handed on already', () => {
    const feed = makeFeed()
    const events = vi.fn()
    feed.subscribe('panel1', { events }, {}, 5)
    feed.start()
    latest().opens()
    latest().says(batch(4, 6, [event(4), event(5), event(6)]))
    vi.advanceTimersByTime(100)
    expect(events).toHaveBeenCalledWith([event(6)], 0)
  })

  it('tells of a gap after the rows before it and goes on behind it', () => {
    const feed = makeFeed()
    const told: string[] = []
    feed.subscribe('panel1', { events: () => told.push('events'), gap: (from, to) => told.push(`gap ${from}-${to}`) }, {}, 0)
    feed.start()
    latest().opens()
    latest().says(batch(1, 1, [event(1)]))
    latest().says({ type: 'gap', channel: 'panel1', seq: 90, data: { channel: 'panel1', from: 2, to: 90 } })
    expect(told).toEqual(['events', 'gap 2-90'])
    latest().breaks()
    vi.advanceTimersByTime(500)
    latest().opens()
    expect(latest().sent[0]).toMatchObject({ op: 'sub', after: 90 })
  })

  it('never lets an earlier socket open a second one (StrictMode starts twice)', () => {
    const feed = makeFeed()
    feed.start()
    const [first] = sockets
    feed.start()
    first!.breaks()
    vi.advanceTimersByTime(60_000)
    expect(sockets.length).toBe(2)
    expect(first!.isClosed).toBe(true)
    feed.stop()
    latest().breaks()
    vi.advanceTimersByTime(60_000)
    expect(sockets.length).toBe(2)
  })

  it('does not come back after a farewell', () => {
    const feed = makeFeed()
    feed.start()
    latest().opens()
    latest().says({ type: 'bye', data: { reason: '登录已失效' } })
    latest().breaks()
    vi.advanceTimersByTime(60_000)
    expect([feed.connection, sockets.length]).toEqual(['ended', 1])
  })

  it('wants no rows while hidden, also on a new socket', () => {
    const feed = makeFeed()
    feed.start()
    latest().opens()
    feed.setIdle(true)
    latest().breaks()
    vi.advanceTimersByTime(500)
    latest().opens()
    feed.setIdle(false)
    expect(sockets.map((socket) => socket.sent.map((frame) => frame.op))).toEqual([['idle'], ['idle', 'active']])
  })

  it('tells counters and ignores frames it does not know', () => {
    const feed = makeFeed()
    const stat = vi.fn()
    const stop = feed.subscribe('panel1', { stat })
    feed.start()
    latest().opens()
    latest().says({ type: 'stat', channel: 'panel1', data: { channel: 'panel1', rate: 3, ok: 2, failed: 1, processing: 4 } })
    latest().says({ type: 'something_new', data: {} })
    latest().onmessage?.(new MessageEvent('message', { data: 'no json' }))
    expect(stat.mock.calls).toEqual([[{ channel: 'panel1', rate: 3, ok: 2, failed: 1, processing: 4 }]])
    stop()
    expect(latest().sent.at(-1)).toEqual({ op: 'unsub', channel: 'panel1' })
  })
})
