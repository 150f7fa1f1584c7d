import { Button, Title } from '@mantine/core'
import { IconDeviceDesktopOff } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDate } from '../../domain/display/dates.ts'
import { regionTitle } from '../session/regions.ts'
import { useWork } from '../session/use-work.tsx'
import { keptWorklist } from './kept-worklist.ts'
import classes from './not-on-device.module.css'
import type { PatientRow } from './worklist.ts'

/** In the place of a chart of which this device has no copy while no region answers: who, what is missing, what to do. */
export function NotOnDevice({ patientId }: { patientId: string }) {
  const { t } = useTranslation()
  const { who, replica } = useWork()
  const [row, setRow] = useState<PatientRow | undefined>(undefined)
  const region = regionTitle(who.region)

  useEffect(() => {
    let stopped = false
    void replica.values.get(keptWorklist.name, keptWorklist.shape).then((list) => {
      if (!stopped) setRow(list?.rows.find(({ id }) => id === patientId))
    })
    return () => {
      stopped = true
    }
  }, [replica, patientId])

  return (
    <div className={classes.page} role="alert">
      <IconDeviceDesktopOff size={36} stroke={1.4} aria-hidden />
      <Title order={1} fz="lg">
        {t('notOnDevice.title')}
      </Title>
      {row && (
        <p className={classes.who}>
          <strong>{row.name || t('app.unknown')}</strong>
          <span>
            {t('notOnDevice.born', { born: row.born ? formatDate(row.born) : t('app.notRecorded') })}
          </span>
          {row.identifier && <span>{row.identifier}</span>}
        </p>
      )}
      <p>{t('notOnDevice.missing', { region })}</p>
      <p>{t('notOnDevice.todo', { region })}</p>
      <Button component={Link} to="/" variant="default">
        {t('chart.toPatients')}
      </Button>
    </div>
  )
}
