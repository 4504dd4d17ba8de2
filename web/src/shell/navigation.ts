import { Activity, BellRing, Bot, BrainCircuit, Gauge, Inbox, KeyRound, MessagesSquare, ScrollText, Webhook, Workflow, type LucideIcon } from 'lucide-react'
import { useUser, isGranted, type Permission } from '@/api/session'

type NavKey = 'overview' | 'business' | 'ai' | 'flows' | 'actors' | 'alerts' | 'robots' | 'codes' | 'queue' | 'callbacks' | 'audit'

export interface Entry {
  to: string
  label: `nav.${NavKey}`
  icon: LucideIcon
  /** After `g`. */
  letter?: string
  needs?: Permission
}

export interface Group {
  label: 'nav.monitoring' | 'nav.design' | 'nav.access' | 'nav.platform'
  entries: readonly Entry[]
}

/** Every page that works; there is no entry for what does not. */
export const GROUPS: readonly Group[] = [
  {
    label: 'nav.monitoring',
    entries: [
      { to: '/', label: 'nav.overview', icon: Gauge, letter: 'h' },
      { to: '/monitor/business', label: 'nav.business', icon: MessagesSquare, letter: 'm' },
      { to: '/monitor/ai', label: 'nav.ai', icon: BrainCircuit, letter: 'i' },
      { to: '/actors', label: 'nav.actors', icon: Activity, letter: 'a', needs: 'actors' },
      { to: '/alerts', label: 'nav.alerts', icon: BellRing, letter: 'w' },
    ],
  },
  { label: 'nav.design', entries: [{ to: '/monitor/flows', label: 'nav.flows', icon: Workflow, letter: 'f' }] },
  {
    label: 'nav.access',
    entries: [
      { to: '/robots', label: 'nav.robots', icon: Bot, letter: 'r' },
      { to: '/codes', label: 'nav.codes', icon: KeyRound, letter: 'c', needs: 'codes' },
      { to: '/queue', label: 'nav.queue', icon: Inbox, letter: 'q' },
      { to: '/callbacks', label: 'nav.callbacks', icon: Webhook, letter: 'b' },
    ],
  },
  { label: 'nav.platform', entries: [{ to: '/audit', label: 'nav.audit', icon: ScrollText, letter: 'l', needs: 'audit' }] },
]

/** The groups as this person may see them. */
export function useGroups(): readonly Group[] {
  const role = useUser().data?.role
  return GROUPS.map((group) => ({
    ...group,
    entries: group.entries.filter((entry) => !entry.needs || isGranted(role, entry.needs)),
  })).filter((group) => group.entries.length > 0)
}
