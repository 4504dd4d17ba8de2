import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { cn } from '@/lib/classes'

interface PanelProps {
  isOpen: boolean
  onClose: () => void
  title: ReactNode
  description?: ReactNode
  className?: string
  children: ReactNode
}

const OVERLAY = 'fixed inset-0 z-40 bg-black/35'

function Head({ title, description }: Pick<PanelProps, 'title' | 'description'>) {
  const { t } = useTranslation()
  return (
    <header className="flex items-start gap-3 border-b px-5 py-3.5">
      <div className="min-w-0 flex-1">
        <Radix.Title className="truncate text-[15px] font-semibold">{title}</Radix.Title>
        {description ? <Radix.Description className="text-[13px] text-muted">{description}</Radix.Description> : null}
      </div>
      <Radix.Close className="rounded p-1 text-muted hover:bg-sunken" aria-label={t('action.close')}>
        <X className="size-4" />
      </Radix.Close>
    </header>
  )
}

/** A question or a form in the middle. */
export function Dialog({ isOpen, onClose, title, description, className, children }: PanelProps) {
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={OVERLAY} />
        <Radix.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          className={cn('fixed top-1/2 left-1/2 z-50 flex max-h-[86vh] w-[min(94vw,32rem)] -translate-1/2 flex-col rounded-lg border bg-surface shadow-xl', className)}
        >
          <Head title={title} description={description} />
          <div className="overflow-y-auto p-5">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** The detail of one thing, at the right; the list stays in sight and in reach. */
export function Drawer({ isOpen, onClose, title, description, className, children }: PanelProps) {
  return (
    <Radix.Root open={isOpen} modal={false} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          onInteractOutside={(event) => event.preventDefault()}
          className={cn('drawer-rise fixed inset-y-0 right-0 z-30 flex w-[min(100vw,30rem)] flex-col border-l bg-surface shadow-2xl', className)}
        >
          <Head title={title} description={description} />
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
          <div className="min-h-0 flex-1 overflow-y-auto p-5" tabIndex={0}>{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
