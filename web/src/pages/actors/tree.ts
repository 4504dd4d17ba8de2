import type { ActorSnapshot } from '@/api/schema'

export interface Node {
  id: string
  /** Null for a supervisor that is known by its children only. */
  actor: ActorSnapshot | null
  children: Node[]
}

export const fillOf = ({ mailbox }: Pick<ActorSnapshot, 'mailbox'>) => (mailbox.capacity > 0 ? mailbox.depth / mailbox.capacity : 0)

export type Pressure = 'ok' | 'warn' | 'bad'
/** ≥ 90 % red, ≥ 70 % amber. */
export const pressureOf = (fill: number): Pressure => (fill >= 0.9 ? 'bad' : fill >= 0.7 ? 'warn' : 'ok')

export const isTroubled = (actor: ActorSnapshot) =>
  actor.state === 'failed' || actor.state === 'restarting' || actor.breaker === 'open' || pressureOf(fillOf(actor)) !== 'ok'

const byName = (one: Node, other: Node) =>
  (one.actor?.kind ?? '').localeCompare(other.actor?.kind ?? '') || one.id.localeCompare(other.id)

/** A flat list as trees; a parent that has no row of its own is a supervisor that is only named. */
export function treeOf(list: readonly ActorSnapshot[]): Node[] {
  const nodes = new Map(list.map((actor) => [actor.id, { id: actor.id, actor, children: [] } as Node]))
  const roots: Node[] = []
  for (const { id, parent: name } of list) {
    const node = nodes.get(id)
    if (!node) continue
    if (!name || name === id) {
      roots.push(node)
      continue
    }
    let parent = nodes.get(name)
    if (!parent) {
      parent = { id: name, actor: null, children: [] }
      nodes.set(name, parent)
      roots.push(parent)
    }
    parent.children.push(node)
  }
  for (const node of nodes.values()) node.children = node.children.toSorted(byName)
  return roots.toSorted(byName)
}

export interface Line {
  id: string
  actor: ActorSnapshot | null
  depth: number
  below: number
  isOpen: boolean
}

/** The lines that are shown when these nodes are closed. */
export function linesOf(roots: readonly Node[], closed: ReadonlySet<string>, depth = 0): Line[] {
  return roots.flatMap((node) => {
    const isOpen = !closed.has(node.id)
    const line = { id: node.id, actor: node.actor, depth, below: node.children.length, isOpen }
    return [line, ...(isOpen ? linesOf(node.children, closed, depth + 1) : [])]
  })
}
