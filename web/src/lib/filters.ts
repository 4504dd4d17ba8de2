import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'

export type Search = Record<string, string>

/** Reads the query of an address; every value is a text. */
export const parseSearch = (text: string): Search => Object.fromEntries(new URLSearchParams(text))

/** Writes it; empty values are left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === 'string' && pair[1] !== '')
  const text = new URLSearchParams(given).toString()
  return text ? `?${text}` : ''
}

/** The narrowing of a page: it stands in the address, so a view can be sent to a colleague. */
export function useFilters<Name extends string>() {
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const set = useCallback(
    (change: Partial<Record<Name, string | undefined>>) =>
      void navigate({ to: '.', replace: true, search: ((old: Search) => ({ ...old, ...change })) as never }),
    [navigate],
  )
  const clear = useCallback(() => void navigate({ to: '.', replace: true, search: {} as never }), [navigate])
  return useMemo(
    () => ({ get: (name: Name): string | undefined => search[name] || undefined, set, clear, isNarrowed: Object.keys(search).length > 0 }),
    [search, set, clear],
  )
}

/** `page` and `pageSize` of a list. */
export const PAGE_SIZE = 50
export const pageOf = (text: string | undefined) => Math.max(1, Number.parseInt(text ?? '1', 10) || 1)
