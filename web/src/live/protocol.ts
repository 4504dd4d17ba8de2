import type { ActorSnapshot, ClientFrame, FilterFrame } from '@/api/schema'

/** What a viewer says over `/ws/monitor`. */
export type { ClientFrame, FilterFrame }

export type ChannelName = 'panel1' | 'panel2' | 'alerts' | 'actors'

/** One live event; the fields of `data` depend on its type (seed names). */
export interface LiveEvent {
  type: string
  seq: number
  timestamp: number
  data: Record<string, unknown>
}

export interface Stat {
  channel: ChannelName
  rate: number
  ok: number
  failed: number
  processing: number
}

export type ServerFrame =
  | { type: 'batch'; channel: ChannelName; seq: number; from: number; to: number; skipped: number; events: LiveEvent[] }
  | { type: 'gap'; channel: ChannelName; from: number; to: number }
  | { type: 'stat'; seq: number; stat: Stat }
  | { type: 'actors'; total: number; list: ActorSnapshot[] }
  | { type: 'bye'; reason: string }
  | { type: 'error'; message: string }

const CHANNELS: readonly string[] = ['panel1', 'panel2', 'alerts', 'actors']
const isChannel = (value: unknown): value is ChannelName => typeof value === 'string' && CHANNELS.includes(value)
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const numberOf = (value: unknown) => (typeof value === 'number' ? value : 0)

const isEvent = (value: unknown): value is LiveEvent =>
  isRecord(value) && typeof value.type === 'string' && typeof value.seq === 'number' && isRecord(value.data)

/** Reads a frame; null for those this page does not know, which are ignored. */
export function parseFrame(text: string): ServerFrame | null {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return null
  }
  if (!isRecord(frame) || !isRecord(frame.data)) return null
  const { data } = frame
  const channel = data.channel ?? frame.channel
  switch (frame.type) {
    case 'batch':
      if (!isChannel(channel) || !Array.isArray(data.events)) return null
      return {
        type: 'batch',
        channel,
        seq: numberOf(frame.seq),
        from: numberOf(data.from),
        to: numberOf(data.to),
        skipped: numberOf(data.skipped),
        events: data.events.filter(isEvent),
      }
    case 'gap':
      return isChannel(channel) ? { type: 'gap', channel, from: numberOf(data.from), to: numberOf(data.to) } : null
    case 'stat':
      if (!isChannel(channel)) return null
      return {
        type: 'stat',
        seq: numberOf(frame.seq),
        stat: {
          channel,
          rate: numberOf(data.rate),
          ok: numberOf(data.ok),
          failed: numberOf(data.failed),
          processing: numberOf(data.processing),
        },
      }
    case 'actors':
      return Array.isArray(data.list)
        ? { type: 'actors', total: numberOf(data.total), list: data.list as ActorSnapshot[] }
        : null
    case 'bye':
      return { type: 'bye', reason: String(data.reason ?? '') }
    case 'error':
      return { type: 'error', message: String(data.message ?? '') }
    default:
      return null
  }
}
