import type { ActorSnapshot } from '@/api/schema'

export interface Node {
  actor: ActorSnapshot
  children: Node[]
}

export const fillOf = ({ mailbox }: Pick<ActorSnapshot, 'mailbox'>) => (mailbox.capacity > 0 ? mailbox.depth / mailbox.capacity : 0)

export type Pressure = 'ok' | 'warn' | 'bad'
/** ≥ 90 % red, ≥ 70 % amber. */
export const pressureOf = (fill: number): Pressure => (fill >= 0.9 ? 'bad' : fill >= 0.7 ? 'warn' : 'ok')

export const isTroubled = (actor: ActorSnapshot) =>
  actor.state === 'failed' || actor.state === 'restarting' || actor.breaker === 'open' || pressureOf(fillOf(actor)) !== 'ok'

const byName = (one: Node, other: Node) => one.actor.kind.localeCompare(other.actor.kind) || one.actor.id.localeCompare(other.actor.id)

/** A flat list as trees; whose parent is not in the list stands at the top. */
export function treeOf(list: readonly ActorSnapshot[]): Node[] {
  const nodes = new Map(list.map((actor) => [actor.id, { actor, children: [] } as Node]))
  const roots: Node[] = []
  for (const node of nodes.values()) {
    const parent = node.actor.parent && node.actor.parent !== node.actor.id ? nodes.get(node.actor.parent) : undefined
    if (parent) parent.children.push(node)
    else roots.push(node)
  }
  for (const node of nodes.values()) node.children = node.children.toSorted(byName)
  return roots.toSorted(byName)
}

export interface Line {
  actor: ActorSnapshot
  depth: number
  below: number
  isOpen: boolean
}

/** The lines that are shown when these nodes are closed. */
export function linesOf(roots: readonly Node[], closed: ReadonlySet<string>, depth = 0): Line[] {
  return roots.flatMap((node) => {
    const isOpen = !closed.has(node.actor.id)
    const line = { actor: node.actor, depth, below: node.children.length, isOpen }
    return [line, ...(isOpen ? linesOf(node.children, closed, depth + 1) : [])]
  })
}
