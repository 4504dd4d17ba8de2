import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { client, unwrap } from '@/api/client'
import { Select } from './ui/field'

/** Names of robots by their id, for lists that only know the id. */
export function useRobots() {
  return useQuery({
    queryKey: ['robots', 'names'],
    queryFn: () => unwrap(client.GET('/api/robots', { params: { query: { pageSize: 200 } } })),
    staleTime: 30_000,
  })
}

export function useRobotName(): (robotId: string | null | undefined) => string {
  const robots = useRobots()
  return (robotId) => (robotId ? (robots.data?.list.find((robot) => robot.robotId === robotId)?.name ?? robotId) : '—')
}

export function RobotSelect({ value, onChange }: { value: string | undefined; onChange: (robotId: string | undefined) => void }) {
  const { t } = useTranslation()
  const robots = useRobots()
  const list = robots.data?.list ?? []
  const isKnown = !value || list.some((robot) => robot.robotId === value)
  return (
    <Select
      aria-label={t('business.robot')}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value || undefined)}
      options={[['', t('business.allRobots')], ...(isKnown ? [] : [[value, value] as const]), ...list.map((robot) => [robot.robotId, robot.name] as const)]}
    />
  )
}
