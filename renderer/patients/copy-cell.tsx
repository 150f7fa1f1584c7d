import {
  type Icon,
  IconCircleCheckFilled,
  IconClock,
  IconClockExclamation,
  IconDeviceDesktopOff,
  IconHelpCircle,
} from '@tabler/icons-react'
import { createContext, useContext } from 'react'
import { useTranslation } from 'react-i18next'
import { whenShort } from '../chart/use-when.tsx'
import { deviceZone, localDateTime } from '../chart/zoned-time.ts'
import { useStore } from '../shell/store.ts'
import type { CopyAge, CopyAges } from './copy-age.ts'
import classes from './copy-cell.module.css'

/** The ages that the rows of a list show. */
export const CopyAgesContext = createContext<CopyAges>({
  of: () => ({ state: 'absent' }),
  onChange: () => () => {},
})

/** How old this device's copy of one chart is. It is drawn anew when what it says changes, alone. */
export function CopyCell({ patientId }: { patientId: string }) {
  const { t } = useTranslation()
  const ages = useContext(CopyAgesContext)
  const age = useStore(ages.onChange, () => ages.of(patientId))
  const Sign = signOf(age)
  const tone = age.state === 'confirmed' ? age.tone : age.state
  return (
    <span className={classes.copy} data-tone={tone} title={t(`patients.copy.hint.${age.state}`)}>
      <Sign size={14} aria-hidden />
      {age.state === 'confirmed'
        ? t('patients.copy.confirmed', { when: momentHere(age.at) })
        : t(`patients.copy.${age.state}`)}
    </span>
  )
}

/** A moment (ms since 1970) by this device's clock: `03:12` today, `23-Nov 03:12` before. */
export function momentHere(ms: number): string {
  const zone = deviceZone()
  return whenShort(localDateTime(ms), zone, zone, Date.now())
}

function signOf(age: CopyAge): Icon {
  switch (age.state) {
    case 'live':
      return IconCircleCheckFilled
    case 'confirmed':
      return age.tone === 'quiet' ? IconClock : IconClockExclamation
    case 'unknown':
      return IconHelpCircle
    case 'absent':
      return IconDeviceDesktopOff
  }
}
