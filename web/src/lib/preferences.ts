import { create } from 'zustand'
import { persist } from 'zustand/middleware'

export type Theme = 'light' | 'dark' | 'system'
export type Language = 'zh' | 'en'

interface Preferences {
  theme: Theme
  language: Language
  hasKeys: boolean
  setTheme: (theme: Theme) => void
  setLanguage: (language: Language) => void
  setKeys: (hasKeys: boolean) => void
}

/** What a person set for this browser. */
export const usePreferences = create<Preferences>()(
  persist(
    (set) => ({
      theme: 'system',
      language: 'zh',
      hasKeys: true,
      setTheme: (theme) => set({ theme }),
      setLanguage: (language) => set({ language }),
      setKeys: (hasKeys) => set({ hasKeys }),
    }),
    { name: 'workbot.preferences' },
  ),
)

const prefersDark = () => window.matchMedia('(prefers-color-scheme: dark)').matches

/** Keeps the document in the theme that was chosen; returns how to stop. */
export function followTheme() {
  const apply = () => {
    const { theme } = usePreferences.getState()
    document.documentElement.classList.toggle('dark', theme === 'dark' || (theme === 'system' && prefersDark()))
  }
  apply()
  const system = window.matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', apply)
  const stop = usePreferences.subscribe(apply)
  return () => {
    system.removeEventListener('change', apply)
    stop()
  }
}
