import { useQuery } from '@tanstack/react-query'
import { client, unwrap } from './client'
import type { Role } from './schema'

export const userQuery = { queryKey: ['user'], queryFn: () => unwrap(client.GET('/api/user/info')), staleTime: 60_000 }

/** Who looks at this page. */
export const useUser = () => useQuery(userQuery)

export type Permission = 'robots' | 'kick' | 'commands' | 'replay' | 'alerts' | 'design' | 'actors' | 'actorControl' | 'codes' | 'audit' | 'stats' | 'retryRun'

/** What the roles may do, as the table of the server has it; the server decides, this only hides what it would refuse. */
const GRANTED: Record<Permission, readonly Role[]> = {
  robots: ['admin', 'user'],
  kick: ['admin', 'operator', 'user'],
  commands: ['admin', 'operator', 'user'],
  replay: ['admin', 'operator', 'user'],
  alerts: ['admin', 'operator', 'user'],
  design: ['admin', 'developer'],
  actors: ['admin', 'operator', 'developer', 'viewer'],
  actorControl: ['admin'],
  codes: ['admin'],
  audit: ['admin'],
  stats: ['admin', 'viewer'],
  retryRun: ['admin', 'developer', 'user'],
}

/** Whether a role may do something. */
export const isGranted = (role: Role | undefined, permission: Permission) => role !== undefined && GRANTED[permission].includes(role)

export function useMay(permission: Permission): boolean {
  const user = useUser()
  return isGranted(user.data?.role, permission)
}
