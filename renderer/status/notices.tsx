import { Button } from '@mantine/core'
import { IconAlertOctagon, IconAlertTriangle } from '@tabler/icons-react'
import { Link, useRouterState } from '@tanstack/react-router'
import type { TFunction } from 'i18next'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { clockBeside } from '../chart/use-when.tsx'
import { useUnsent } from '../outbox/use-unsent.tsx'
import { regionTitle } from '../session/regions.ts'
import { useLadder, useReach, useWork } from '../session/use-work.tsx'
import { useOnScreen } from '../shell/on-screen.ts'
import { useStore } from '../shell/store.ts'
import { notAccepted } from '../sync/ladder.ts'
import { wrongClock } from '../sync/round-trip.ts'
import { ChangesList } from './changes-list.tsx'
import classes from './notices.module.css'

/** What stays for as long as its state lasts: a region that does not answer, changes that were not accepted. */
export function Notices() {
  const { t } = useTranslation()
  const { who, regions } = useWork()
  const reach = useReach()
  const preferred = useStore(regions.onChange, regions.preferred)
  const reaches = useStore(regions.onChange, regions.reaches)
  const away = reaches.get(preferred) ?? reach
  const isNoneLeft = [...reaches.values()].every(({ state }) => state === 'silent')
  // Where nobody answers, the region that the person chose is named, not the one that was tried last.
  const [named, its] = away.state === 'silent' ? [preferred, away] : [who.region, reach]
  const refused = notAccepted(useLadder())
  const { damaged } = useUnsent()
  // The outbox says both itself, and more of it.
  const atOutbox = useRouterState({ select: (state) => state.location.pathname === '/outbox' })
  const region = regionTitle(who.region)
  const { timeZone } = useOnScreen()
  const off = wrongClock(reach)
  const takesNothing = reach.state === 'answers' && !reach.takesWrites
  const clock = (ms: number) => clockBeside(ms, timeZone)
  return (
    <div aria-live="polite">
      {reach.state === 'silent' && its.state === 'silent' && (
        <Notice
          tone="critical"
          heading={t('notice.silent.heading', {
            region: regionTitle(named),
            time: clock(its.since),
          })}
          action={
            <Button size="compact-sm" variant="default" onClick={regions.askNow}>
              {t('app.tryAgain')}
            </Button>
          }
        >
          {!isNoneLeft
            ? t('notice.silent.textLooking')
            : reach.lastAnswer === undefined
              ? t('notice.silent.textUnconfirmed')
              : t('notice.silent.text', { confirmed: clock(reach.lastAnswer) })}
        </Notice>
      )}
      {reach.state !== 'silent' && away.state === 'silent' && (
        <Notice
          tone="warn"
          heading={t('notice.moved.heading', { region: regionTitle(preferred), time: clock(away.since) })}
        >
          {t(takesNothing ? 'notice.moved.textNoWrites' : 'notice.moved.text', {
            region: regionTitle(preferred),
            other: region,
          })}
        </Notice>
      )}
      {takesNothing && (
        <Notice tone="warn" heading={t('notice.noWrites.heading', { region })}>
          {t('notice.noWrites.text')}
        </Notice>
      )}
      {off !== undefined && (
        <Notice
          tone="warn"
          heading={t(off > 0 ? 'notice.clock.ahead' : 'notice.clock.behind', {
            region,
            by: span(t, Math.abs(off)),
          })}
        >
          {t('notice.clock.text')}
        </Notice>
      )}
      {refused.length > 0 && !atOutbox && (
        <Notice tone="critical" heading={t('notice.refused.heading', { count: refused.length })}>
          <ChangesList only={(change) => change.rung.at === 'refused'} most={mostRefused} />
          <Link to="/outbox" className={classes.link}>
            {refused.length > mostRefused
              ? t('notice.refused.more', { count: refused.length - mostRefused })
              : t('strip.toOutbox')}
          </Link>
        </Notice>
      )}
      {damaged > 0 && !atOutbox && (
        <Notice tone="critical" heading={t('notice.damaged.heading', { count: damaged })}>
          {t('notice.damaged.text', { count: damaged })}{' '}
          <Link to="/outbox" className={classes.link}>
            {t('strip.toOutbox')}
          </Link>
        </Notice>
      )}
    </div>
  )
}

/** So many of them are named; the outbox has all. */
const mostRefused = 3

/** A span of time in the one unit that says enough. */
export function span(t: TFunction, ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 120) return t('notice.clock.minutes', { count: minutes })
  if (minutes < 48 * 60) return t('notice.clock.hours', { count: Math.round(minutes / 60) })
  return t('notice.clock.days', { count: Math.round(minutes / 1440) })
}

function Notice(props: {
  tone: 'critical' | 'warn'
  heading: string
  action?: ReactNode
  children: ReactNode
}) {
  const Icon = props.tone === 'critical' ? IconAlertOctagon : IconAlertTriangle
  return (
    <section className={classes.notice} data-tone={props.tone} aria-label={props.heading}>
      <Icon size={20} aria-hidden />
      <div className={classes.words}>
        <strong>{props.heading}</strong>
        <div>{props.children}</div>
      </div>
      {props.action}
    </section>
  )
}
