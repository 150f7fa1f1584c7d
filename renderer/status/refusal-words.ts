import { useTranslation } from 'react-i18next'
import type { Rung } from '../sync/ladder.ts'
import { en } from '../words/en.ts'

type Refused = Extract<Rung, { at: 'refused' }>

/**
 * Why a change was not accepted, in the clinician's words, and what they can do. Of a code of a newer region the region's
 * own words tell why.
 */
export function useRefusalWords(): (rung: Refused) => { why: string; todo: string } {
  const { t } = useTranslation()
  return ({ code, detail }) =>
    Object.hasOwn(en.ladder.why, code)
      ? { why: t(`ladder.why.${code}`), todo: t(`ladder.todo.${code}`) }
      : { why: detail, todo: t('ladder.todo.other') }
}
