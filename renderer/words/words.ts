import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words'
    resources: { words: typeof en }
  }
}

/** The catalogue of words, ready before the first screen. English is complete; others fall back to it. */
export const words = i18next.createInstance()

void words.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  defaultNS: 'words',
  resources: { en: { words: en } },
  initAsync: false,
  // React escapes what it shows.
  interpolation: { escapeValue: false },
})
