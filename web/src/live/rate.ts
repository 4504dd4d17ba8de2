import { useEffect, useMemo, useState } from 'react'
import type { Stat } from './protocol'

const SECONDS = 120

/** The last two minutes of counters, exact also when rows are left out. */
export function useRates() {
  const [rates, setRates] = useState<readonly number[]>(() => Array.from({ length: SECONDS }, () => 0))
  const [stat, setStat] = useState<Stat | null>(null)
  const hear = useMemo(
    () => (next: Stat) => {
      setStat(next)
      setRates((old) => [...old.slice(1), next.rate])
    },
    [],
  )
  return { rates, stat, hear }
}

/** A value that is told at most every so often, for those who listen to the page. */
export function useSlowly<T>(value: T, millis: number): T {
  const [told, setTold] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setTold(value), millis)
    return () => clearTimeout(timer)
  }, [value, millis])
  return told
}
