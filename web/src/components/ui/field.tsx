import { useId, type ComponentProps, type ReactNode } from 'react'
import { cn } from '@/lib/classes'

const BOX =
  'h-8 w-full rounded-md border border-line-strong bg-surface px-2.5 text-[13px] text-foreground placeholder:text-muted disabled:opacity-60 aria-invalid:border-bad'

export const Input = ({ className, ...rest }: ComponentProps<'input'>) => <input className={cn(BOX, className)} {...rest} />

export const Textarea = ({ className, ...rest }: ComponentProps<'textarea'>) => (
  <textarea className={cn(BOX, 'h-auto min-h-20 py-1.5', className)} {...rest} />
)

export type Option = readonly [value: string, label: string]

/** A native list of choices: every keyboard and screen reader knows it. */
export function Select({ className, options, ...rest }: ComponentProps<'select'> & { options: readonly Option[] }) {
  return (
    <select className={cn(BOX, 'pr-7', className)} {...rest}>
      {options.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  )
}

interface FieldProps {
  label: string
  hint?: string
  error?: string | undefined
  className?: string
  children: (attributes: { id: string; 'aria-invalid': boolean; 'aria-describedby': string | undefined }) => ReactNode
}

/** A label, its control, and what the server or the form says of it. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId()
  const note = error ?? hint
  return (
    <div className={cn('flex flex-col gap-1', className)}>
      <label htmlFor={id} className="text-[13px] font-medium">
        {label}
      </label>
      {children({ id, 'aria-invalid': Boolean(error), 'aria-describedby': note ? `${id}-note` : undefined })}
      {note ? (
        <p id={`${id}-note`} className={cn('text-xs', error ? 'text-bad' : 'text-muted')}>
          {note}
        </p>
      ) : null}
    </div>
  )
}
