import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { client, unwrap } from '@/api/client'
import type { Direction, FeedStatus } from '@/api/schema'
import { feed } from '@/live/connection'
import { useRates } from '@/live/rate'
import { MessageStore, type MessageRow, type Row } from './store'

export interface MessageFilter {
  robotId: string | undefined
  group: string | undefined
  user: string | undefined
  status: FeedStatus | undefined
  direction: Direction | undefined
  q: string | undefined
}

const PAGE = 100
const GAP_PAGES = 5

const ask = (filter: MessageFilter, more: { cursor?: string; from?: string }) =>
  unwrap(client.GET('/api/monitor/messages', { params: { query: { ...filter, ...more, limit: PAGE } } }))

/** Whether a live row is one of those that are looked for; names are narrowed by the server already. */
const isWanted = (row: MessageRow, filter: MessageFilter) =>
  (!filter.status || row.status === filter.status) &&
  (!filter.direction || row.direction === filter.direction) &&
  (!filter.q || row.content.includes(filter.q) || row.id === filter.q)

/** A page of the past, then everything that happens, without a hole and without a repeat. */
export function useLiveMessages(filter: MessageFilter, isLive: boolean) {
  const [store] = useState(() => new MessageStore())
  const [skipped, setSkipped] = useState(0)
  const [tally, setTally] = useState({ added: 0, failed: 0 })
  const { rates, stat, hear } = useRates()
  const view = useSyncExternalStore(store.watch, store.view)
  const { robotId, group, user, status, direction, q } = filter
  const start = useQuery({
    queryKey: ['messages', 'start', robotId, group, user, status, direction, q],
    queryFn: () => ask({ robotId, group, user, status, direction, q }, {}),
    enabled: isLive,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const page = start.data
  useEffect(() => {
    if (!isLive || !page) return
    store.begin(page.list)
    setSkipped(0)
    setTally({ added: 0, failed: 0 })
    return feed.subscribe(
      'panel1',
      {
        events: (events, left) => {
          const { added, failed } = store.take(events)
          setSkipped(left)
          setTally((old) => ({ added: old.added + added, failed: old.failed + failed }))
        },
        gap: (from, to) => store.gap(from, to),
        stat: hear,
      },
      { robot_id: robotId, group, user },
      page.asOfSeq,
    )
  }, [store, page, isLive, robotId, group, user, hear])

  const fillGap = useCallback(
    async (id: string, from: number, to: number) => {
      const found = []
      let cursor: string | undefined = String(to + 1)
      for (let round = 0; round < GAP_PAGES && cursor; round += 1) {
        // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ends
        const { list, nextCursor } = await ask({ robotId, group, user, status, direction, q }, { cursor })
        found.push(...list.filter((row) => row.seq >= from))
        const last = list.at(-1)
        cursor = last && last.seq > from ? (nextCursor ?? undefined) : undefined
      }
      store.fill(id, found)
    },
    [store, robotId, group, user, status, direction, q],
  )
  const rows = useMemo(
    () => view.rows.filter((row: Row) => row.kind === 'gap' || isWanted(row, { robotId, group, user, status, direction, q })),
    [view.rows, robotId, group, user, status, direction, q],
  )
  return { store, start, rows, isPaused: view.isPaused, held: view.held, skipped, tally, rates, stat, fillGap }
}

const HOUR = 3_600_000
export const RANGES = { '15m': HOUR / 4, '1h': HOUR, '24h': 24 * HOUR, '7d': 168 * HOUR } as const
export type Range = keyof typeof RANGES
export const isRange = (text: string | undefined): text is Range => text !== undefined && text in RANGES

/** Messages of the past, a page after the other. */
export function useHistory(filter: MessageFilter, range: Range | null) {
  return useInfiniteQuery({
    queryKey: ['messages', 'history', range, filter],
    queryFn: ({ pageParam }) =>
      ask(filter, { from: new Date(Date.now() - RANGES[range ?? '15m']).toISOString(), ...(pageParam ? { cursor: pageParam } : {}) }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    enabled: range !== null,
  })
}
