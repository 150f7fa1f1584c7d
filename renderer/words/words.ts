import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en.ts'

/** The keys as `strip.user`: all of them in one list cost the compiler less than a tree that it walks at every use. */
type Keys<T> = {
  [K in keyof T & string]: T[K] extends string ? K : `${K}.${Keys<T[K]>}`
}[keyof T & string]

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words'
    keySeparator: false
    resources: { words: { [K in Keys<typeof en>]: string } }
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
