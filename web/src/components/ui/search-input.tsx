import { useEffect, useState } from 'react'
import { Input } from './field'

/** A text that narrows a list: it takes effect a moment after the last key, or at once with Enter. */
export function SearchInput({ value, onChange, label, className }: { value: string | undefined; onChange: (value: string | undefined) => void; label: string; className?: string }) {
  const [text, setText] = useState(value ?? '')
  useEffect(() => setText(value ?? ''), [value])
  useEffect(() => {
    if (text === (value ?? '')) return
    const timer = setTimeout(() => onChange(text || undefined), 400)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  return (
    <Input
      type="search"
      data-search=""
      aria-label={label}
      placeholder={label}
      className={className}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onChange(text || undefined)
      }}
    />
  )
}
