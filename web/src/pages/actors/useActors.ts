import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { client, unwrap } from '@/api/client'
import type { ActorSnapshot } from '@/api/schema'
import { feed, useConnection } from '@/live/connection'

const PAGE = 200

export interface Seen {
  list: ActorSnapshot[]
  total: number
  /** Messages a second by id, from one look to the next. */
  rates: ReadonlyMap<string, number>
}

/** Every second from the socket; by a question every few seconds while it is away. */
export function useActors(isPaused: boolean) {
  const connection = useConnection()
  const [live, setLive] = useState<Seen | null>(null)
  const before = useRef<{ at: number; handled: Map<string, number> } | null>(null)
  const asked = useQuery({
    queryKey: ['actors'],
    queryFn: () => unwrap(client.GET('/api/admin/actors', { params: { query: { pageSize: PAGE } } })),
    refetchInterval: connection === 'live' || isPaused ? false : 3_000,
  })
  useEffect(() => {
    if (isPaused) return
    return feed.subscribe('actors', {
      actors: (list, total) => {
        const at = performance.now()
        const last = before.current
        const seconds = last ? (at - last.at) / 1_000 : 0
        const rates = new Map(
          list.map((actor) => {
            const handled = last?.handled.get(actor.id)
            return [actor.id, handled !== undefined && seconds > 0 ? Math.max(0, Math.round((actor.handled - handled) / seconds)) : 0]
          }),
        )
        before.current = { at, handled: new Map(list.map((actor) => [actor.id, actor.handled])) }
        setLive({ list, total, rates })
      },
    })
  }, [isPaused])
  const seen: Seen | null = live ?? (asked.data ? { list: asked.data.list, total: asked.data.total, rates: new Map() } : null)
  return { seen, asked }
}
