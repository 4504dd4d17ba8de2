import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { usePreferences } from '@/lib/preferences'
import { GROUPS } from './navigation'

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

/** Moves the focus among the rows of a list. */
function moveRow(step: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')]
  const at = rows.findIndex((row) => row === document.activeElement)
  rows[at === -1 ? (step === 1 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))]?.focus()
}

const PAGES = new Map(GROUPS.flatMap((group) => group.entries).map((entry) => [entry.letter, entry.to]))

/** The keys that work on every page. */
export function useKeys({ onPalette, onHelp }: { onPalette: () => void; onHelp: () => void }) {
  const navigate = useNavigate()
  const wentAt = useRef(0)
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        onPalette()
        return
      }
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
      const isBusy = isTyping(event.target) || document.querySelector('[role="dialog"][data-state="open"][aria-modal="true"], [role="alertdialog"]')
      if (!isPlain || isBusy || !usePreferences.getState().hasKeys) return
      if (Date.now() - wentAt.current < 1_200) {
        wentAt.current = 0
        const to = PAGES.get(event.key)
        if (to) void navigate({ to })
        return
      }
      switch (event.key) {
        case 'g':
          wentAt.current = Date.now()
          break
        case 'j':
          moveRow(1)
          break
        case 'k':
          moveRow(-1)
          break
        case '/':
          event.preventDefault()
          document.querySelector<HTMLElement>('[data-search]')?.focus()
          break
        case '?':
          onHelp()
          break
      }
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [navigate, onPalette, onHelp])
}
