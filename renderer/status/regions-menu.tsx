import { Button, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconProgress } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { regionTitle } from '../session/regions.ts'
import { useReach, useWork } from '../session/use-work.tsx'
import { useStore } from '../shell/store.ts'
import type { Reach } from '../sync/round-trip.ts'
import classes from './regions-menu.module.css'
import { StripPopover } from './strip-popover.tsx'

/** The region that this window works with, how far away it is, and how the others are. */
export function RegionsMenu() {
  const { t } = useTranslation()
  const { who, regions } = useWork()
  const reach = useReach()
  const reaches = useStore(regions.onChange, regions.reaches)
  const preferred = useStore(regions.onChange, regions.preferred)
  // While none answers it is the person's own that is missed, whichever was tried last.
  const region = regionTitle(reach.state === 'silent' ? preferred : who.region)
  const look = lookOf(reach)
  const says = (
    <>
      <look.icon size={15} aria-hidden />
      <strong>{region}</strong>
      {reach.state === 'answers' && (
        <span
          className={classes.quiet}
          title={t('strip.roundTripHint', { region, ms: wholeMs(reach.roundTripMs) })}
        >
          {t('strip.roundTrip', { ms: wholeMs(reach.roundTripMs) })}
        </span>
      )}
      <span role="status">{t(`strip.${look.words}`)}</span>
    </>
  )
  return (
    <StripPopover says={says} tone={look.tone} label={t('regions.label')} width={360}>
      {(close) => (
        <>
          <ul className={classes.list}>
            {[...reaches].map(([name, one]) => (
              <Region
                key={name}
                name={name}
                reach={one}
                isCurrent={name === who.region}
                isPreferred={name === preferred}
                onPrefer={() => {
                  regions.prefer(name)
                  close()
                }}
              />
            ))}
          </ul>
          <Text fz="xs" c="dimmed" mt="xs">
            {t('regions.text')}
          </Text>
        </>
      )}
    </StripPopover>
  )
}

function Region(props: {
  name: string
  reach: Reach
  isCurrent: boolean
  /** The person chose it. */
  isPreferred: boolean
  onPrefer: () => void
}) {
  const { t } = useTranslation()
  const { reach } = props
  const region = regionTitle(props.name)
  const look = lookOf(reach)
  return (
    <li data-tone={look.tone} aria-current={props.isCurrent || undefined}>
      <look.icon size={16} aria-hidden />
      <div className={classes.words}>
        <div className={classes.name}>
          {region}
          {props.isPreferred && <span className={classes.quiet}> · {t('regions.preferred')}</span>}
        </div>
        <div className={classes.quiet}>
          {reach.state === 'answers' && `${t('strip.roundTrip', { ms: wholeMs(reach.roundTripMs) })} · `}
          {t(look.words === 'answers' ? 'regions.answers' : `strip.${look.words}`)}
        </div>
      </div>
      {props.isCurrent ? (
        <span className={classes.current}>{t('regions.current')}</span>
      ) : (
        <Button
          size="compact-sm"
          variant="default"
          disabled={reach.state !== 'answers'}
          aria-label={t('regions.preferNamed', { region })}
          onClick={props.onPrefer}
        >
          {t('regions.prefer')}
        </Button>
      )}
    </li>
  )
}

function wholeMs(ms: number): number {
  return Math.max(1, Math.round(ms))
}

type Look = {
  tone: 'good' | 'warn' | 'bad' | 'quiet'
  words: 'answers' | 'asking' | 'doubtful' | 'silent' | 'noWrites'
  icon: typeof IconCircleCheck
}

function lookOf(reach: Reach): Look {
  switch (reach.state) {
    case 'answers':
      return reach.takesWrites
        ? { tone: 'good', words: 'answers', icon: IconCircleCheck }
        : { tone: 'warn', words: 'noWrites', icon: IconAlertTriangle }
    case 'asking':
      return { tone: 'quiet', words: 'asking', icon: IconProgress }
    case 'doubtful':
      return { tone: 'warn', words: 'doubtful', icon: IconProgress }
    case 'silent':
      return { tone: 'bad', words: 'silent', icon: IconCircleX }
  }
}
