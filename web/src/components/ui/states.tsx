import { CircleAlert, Inbox, Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { Failure } from '@/api/failure'
import { Button } from './button'

/** Grey bars where rows will be; never a spinner over data. */
export function Skeleton({ rows = 8 }: { rows?: number }) {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('state.loading')} className="flex flex-col gap-3 p-4">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="skeleton h-4 rounded bg-line" style={{ width: `${92 - ((row * 17) % 40)}%` }} />
      ))}
    </div>
  )
}

interface NoticeProps {
  icon: typeof Inbox
  title: string
  children?: ReactNode
  actions?: ReactNode
  role?: 'alert'
}

function Notice({ icon: Icon, title, children, actions, role }: NoticeProps) {
  return (
    <div role={role} className="flex flex-col items-center gap-2 px-6 py-14 text-center">
      <span className="rounded-full bg-sunken p-3 text-muted">
        <Icon className="size-6" aria-hidden />
      </span>
      <p className="text-[15px] font-semibold">{title}</p>
      {children ? <div className="max-w-md text-[13px] text-muted">{children}</div> : null}
      {actions ? <div className="mt-2 flex gap-2">{actions}</div> : null}
    </div>
  )
}

/** What this would be, and the one next step. */
export const Empty = ({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) => (
  <Notice icon={Inbox} title={title} actions={action}>
    {children}
  </Notice>
)

/** What failed, with what is needed to look into it. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation()
  if (error instanceof Failure && error.isForbidden) {
    return (
      <Notice icon={Lock} title={t('state.forbidden')} role="alert">
        {t('state.forbiddenHint')}
      </Notice>
    )
  }
  const details = error instanceof Failure ? error.details : String(error)
  return (
    <Notice
      icon={CircleAlert}
      title={t('state.failed')}
      role="alert"
      actions={
        <>
          {onRetry ? <Button variant="primary" onClick={onRetry}>{t('action.retry')}</Button> : null}
          <Button onClick={() => void navigator.clipboard.writeText(details).then(() => toast.success(t('state.copied')))}>
            {t('action.copyDetails')}
          </Button>
        </>
      }
    >
      <p>{messageOf(error, t('state.noAnswer'))}</p>
      {error instanceof Failure && error.requestId ? <p className="mt-1 font-mono text-xs">{error.requestId}</p> : null}
    </Notice>
  )
}

export const messageOf = (error: unknown, unreachable: string) =>
  error instanceof Failure ? error.message || unreachable : unreachable
