import { useTranslation } from 'react-i18next'
import type { Rung } from '../sync/ladder.ts'
import { en } from '../words/en.ts'

type Refused = Extract<Rung, { at: 'refused' }>

/** Why a change was not accepted, in the clinician's words; the region's own for a code of a newer region. */
export function useRefusalWords(): (rung: Refused) => string {
  const { t } = useTranslation()
  return ({ code, detail }) => (code in en.ladder.why ? t(`ladder.why.${code}`) : detail)
}
