import { AlertDialog as Radix } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button'
import { Field, Input } from './field'

interface ConfirmProps {
  isOpen: boolean
  onClose: () => void
  onConfirm: () => void
  title: string
  children: ReactNode
  action: string
  /** A word that must be typed first; for what cannot be undone. */
  typed?: string
}

/** Asks before something is done that somebody may regret. */
export function Confirm({ isOpen, onClose, onConfirm, title, children, action, typed }: ConfirmProps) {
  const { t } = useTranslation()
  const [word, setWord] = useState('')
  return (
    <Radix.Root
      open={isOpen}
      onOpenChange={(open) => {
        if (open) return
        setWord('')
        onClose()
      }}
    >
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/35" />
        <Radix.Content className="fixed top-1/2 left-1/2 z-50 w-[min(94vw,26rem)] -translate-1/2 rounded-lg border bg-surface p-5 shadow-xl">
          <Radix.Title className="text-[15px] font-semibold">{title}</Radix.Title>
          <Radix.Description asChild>
            <div className="mt-2 text-[13px] text-muted">{children}</div>
          </Radix.Description>
          {typed ? (
            <Field label={t('confirm.type', { word: typed })} className="mt-3">
              {(attributes) => <Input {...attributes} value={word} onChange={(event) => setWord(event.target.value)} autoComplete="off" />}
            </Field>
          ) : null}
          <div className="mt-5 flex justify-end gap-2">
            <Radix.Cancel asChild>
              <Button>{t('action.cancel')}</Button>
            </Radix.Cancel>
            <Radix.Action asChild>
              <Button variant="danger" disabled={typed !== undefined && word !== typed} onClick={onConfirm}>
                {action}
              </Button>
            </Radix.Action>
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
