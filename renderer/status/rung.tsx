import { IconArrowUp, IconCheck } from '@tabler/icons-react'
import type { TFunction } from 'i18next'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { regionTitle } from '../session/regions.ts'
import { useLadder, useWork } from '../session/use-work.tsx'
import { type Change, type Rung as ChangeRung, lastRungStaysMs } from '../sync/ladder.ts'
import classes from './rung.module.css'

/**
 * The word beside a change of this window: how far it got. It goes one minute after the last rung and stays while a
 * rung is missing. Of several changes the one that got least far is told.
 */
export function Rung({ ids }: { ids: readonly string[] }) {
  const { t } = useTranslation()
  const ladder = useLadder()
  const changes = ids.flatMap((id) => ladder.get(id) ?? [])
  const shown = changes.find((change) => change.rung.at === 'device') ?? latest(changes)
  const gone = useGone(shown)
  if (!shown || gone) return null
  if (shown.rung.at === 'device')
    return (
      <span className={classes.rung} data-rung="device" role="status">
        <IconArrowUp size={14} aria-hidden />
        {t('ladder.device')}
      </span>
    )
  if (shown.rung.at === 'saved')
    return (
      <span className={classes.rung} data-rung="saved" role="status">
        <IconCheck size={14} aria-hidden />
        {savedWords(t, shown.rung)}
      </span>
    )
  return null
}

/** *saved in Nairobi · also in Frankfurt, London* */
export function savedWords(t: TFunction, { region, also }: Extract<ChangeRung, { at: 'saved' }>): string {
  const saved = t('ladder.saved', { region: regionTitle(region) })
  return also.length === 0
    ? saved
    : `${saved} · ${t('ladder.also', { regions: also.map(regionTitle).join(', ') })}`
}

function latest(changes: readonly Change[]): Change | undefined {
  return [...changes].sort((a, b) => b.since - a.since)[0]
}

function useGone(change: Change | undefined): boolean {
  const { who } = useWork()
  const isAlone = Object.keys(who.regions).length === 1
  const isAtTop = change?.rung.at === 'saved' && (isAlone || change.rung.also.length > 0)
  const goesAt = change && isAtTop ? change.since + lastRungStaysMs : undefined
  const [, tick] = useState(0)
  useEffect(() => {
    if (goesAt === undefined) return
    const timer = setTimeout(() => tick((n) => n + 1), Math.max(0, goesAt - Date.now()))
    return () => clearTimeout(timer)
  }, [goesAt])
  return goesAt !== undefined && Date.now() >= goesAt
}
