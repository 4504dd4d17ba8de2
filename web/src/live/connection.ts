import { useSyncExternalStore } from 'react'
import { LiveFeed, type Connection } from './feed'

const address = () => {
  const url = new URL('/ws/monitor?batch=1', window.location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}

/** The one socket of this tab. */
export const feed = new LiveFeed({ open: () => new WebSocket(address()) })

export const useConnection = (): Connection => useSyncExternalStore(feed.watch, () => feed.connection)
