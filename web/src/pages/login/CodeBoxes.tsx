import { useRef } from 'react'
import { useTranslation } from 'react-i18next'

const LENGTH = 6

/** Six boxes of one digit; a pasted code fills them all. */
export function CodeBoxes({ value, onChange }: { value: string; onChange: (code: string) => void }) {
  const { t } = useTranslation()
  const boxes = useRef<(HTMLInputElement | null)[]>([])
  const write = (place: number, typed: string) => {
    const digits = typed.replace(/\D/g, '')
    const next = (value.padEnd(LENGTH, ' ').slice(0, place) + digits + value.padEnd(LENGTH, ' ').slice(place + Math.max(1, digits.length))).slice(0, LENGTH)
    onChange(next.trimEnd())
    if (digits) boxes.current[Math.min(LENGTH - 1, place + digits.length)]?.focus()
  }
  return (
    <fieldset>
      <legend className="mb-1 text-[13px] font-medium">{t('login.code')}</legend>
      <div className="grid grid-cols-6 gap-2">
        {Array.from({ length: LENGTH }, (_, place) => (
          <input
            key={place}
            ref={(box) => {
              boxes.current[place] = box
            }}
            aria-label={t('login.digit', { place: place + 1 })}
            inputMode="numeric"
            autoComplete={place === 0 ? 'one-time-code' : 'off'}
            className="h-11 w-full rounded-md border border-line-strong bg-surface text-center text-lg font-semibold tabular-nums"
            value={(value[place] ?? '').trim()}
            onFocus={(event) => event.target.select()}
            onChange={(event) => write(place, event.target.value)}
            onPaste={(event) => {
              event.preventDefault()
              write(place, event.clipboardData.getData('text'))
            }}
            onKeyDown={(event) => {
              if (event.key === 'Backspace' && !value[place]?.trim()) boxes.current[place - 1]?.focus()
            }}
          />
        ))}
      </div>
    </fieldset>
  )
}
