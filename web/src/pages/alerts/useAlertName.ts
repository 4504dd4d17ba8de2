import { useTranslation } from 'react-i18next'
import type { AlertMetric } from '@/api/schema'

const METRICS: readonly AlertMetric[] = ['keyword', 'intent', 'level', 'robot_offline', 'ai_failure_rate', 'callback_failure_rate', 'response_ms', 'error_rate', 'backlog']

/** The name of an alert by its code: alerts of rules carry the metric, those of flows a code of their own. */
export function useAlertName(): (code: string) => string {
  const { t } = useTranslation()
  return (code) => {
    const metric = METRICS.find((one) => one === code)
    return metric ? t(`metric.${metric}`) : code
  }
}
