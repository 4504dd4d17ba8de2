import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { usePreferences } from '@/lib/preferences'
import { access as enAccess } from './en/access'
import { alerts as enAlerts } from './en/alerts'
import { base as enBase } from './en/base'
import { monitor as enMonitor } from './en/monitor'
import { access } from './zh/access'
import { alerts } from './zh/alerts'
import { base } from './zh/base'
import { monitor } from './zh/monitor'

export const zh = { ...base, ...monitor, ...access, ...alerts }
export const en: typeof zh = { ...enBase, ...enMonitor, ...enAccess, ...enAlerts }

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof zh }
  }
}

const HTML_LANGUAGE = { zh: 'zh-CN', en: 'en' } as const

/** Begins with the language that was chosen and follows it. */
export function startTexts() {
  const { language } = usePreferences.getState()
  void i18next.use(initReactI18next).init({
    resources: { zh: { translation: zh }, en: { translation: en } },
    lng: language,
    fallbackLng: 'zh',
    interpolation: { escapeValue: false },
    showSupportNotice: false,
  })
  document.documentElement.lang = HTML_LANGUAGE[language]
  usePreferences.subscribe((now) => {
    document.documentElement.lang = HTML_LANGUAGE[now.language]
    void i18next.changeLanguage(now.language)
  })
}
