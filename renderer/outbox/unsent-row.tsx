import { ActionIcon, Button, Checkbox, Tooltip } from '@mantine/core'
import { IconAlertTriangle, IconArrowUp, IconCheck, IconDownload } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type MouseEvent, memo } from 'react'
import { useTranslation } from 'react-i18next'
import { whenShort, whenText } from '../chart/use-when.tsx'
import { deviceZone, zonedDateTime } from '../chart/zoned-time.ts'
import type { StoredChange } from '../replica/stored-change.ts'
import { regionTitle } from '../session/regions.ts'
import { useRefusalWords } from '../status/refusal-words.ts'
import classes from './outbox.module.css'
import { type PatientsById, patientLine } from './patient-line.ts'

export type RowActions = {
  onSelect: (change: StoredChange, selected: boolean, range: boolean) => void
  onRetry: (change: StoredChange) => void
  onPutAside: (change: StoredChange) => void
  onExport: (change: StoredChange) => void
}

/** One change: whose, what, how far it got, and what can be done about it. Drawn anew only when it changes. */
export const UnsentRow = memo(function UnsentRow(
  props: { change: StoredChange; patients: PatientsById; selected: boolean } & RowActions,
) {
  const { t } = useTranslation()
  const { change, selected } = props
  const { about, entry, rung } = change
  const patient = patientLine(t, props.patients, change)
  const names = { about, patient: patient.name }
  const device = deviceZone()
  const made = whenText(entry.recordedAt, patient.timeZone ?? device, device)
  return (
    <li className={classes.row} data-rung={rung.at} data-selected={selected || undefined}>
      <Checkbox
        className={classes.check}
        aria-label={t('outbox.select', names)}
        checked={selected}
        onChange={() => {}}
        onClick={(event: MouseEvent) => props.onSelect(change, !selected, event.shiftKey)}
      />
      <div className={classes.patient}>
        <Link to="/patients/$patientId" params={{ patientId: change.patientId }}>
          {patient.name}
        </Link>
        {patient.beside.map((part) => (
          <div key={part} className={classes.quiet}>
            {part}
          </div>
        ))}
      </div>
      <div>
        <div className={classes.about}>{about}</div>
        <div className={classes.quiet}>{t('outbox.made', { when: made })}</div>
      </div>
      <HowFar change={change} timeZone={patient.timeZone ?? device} />
      <div className={classes.actions}>
        {rung.at === 'refused' && (
          <>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t('outbox.retryNamed', names)}
              onClick={() => props.onRetry(change)}
            >
              {t('outbox.retry')}
            </Button>
            <Link
              to="/patients/$patientId"
              params={{ patientId: change.patientId }}
              search={{ edit: change.id }}
              className={classes.edit}
              aria-label={t('outbox.editNamed', names)}
            >
              {t('outbox.edit')}
            </Link>
            <Button
              size="compact-sm"
              variant="subtle"
              aria-label={t('outbox.putAsideNamed', names)}
              onClick={() => props.onPutAside(change)}
            >
              {t('outbox.putAside')}
            </Button>
          </>
        )}
        <Tooltip label={t('outbox.export')}>
          <ActionIcon aria-label={t('outbox.exportNamed', names)} onClick={() => props.onExport(change)}>
            <IconDownload size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
    </li>
  )
})

/** The rung and since when; for what was refused, why, and what to do. */
function HowFar({ change, timeZone }: { change: StoredChange; timeZone: string }) {
  const { t } = useTranslation()
  const words = useRefusalWords()
  const { rung, at } = change
  const when = whenShort(zonedDateTime(at, timeZone), timeZone, deviceZone(), Date.now())
  if (rung.at === 'refused') {
    const { why, todo } = words(rung)
    return (
      <div className={classes.far}>
        <IconAlertTriangle size={16} aria-hidden />
        <div>
          <div className={classes.why}>{t('outbox.refused', { when, why })}</div>
          <div>{todo}</div>
        </div>
      </div>
    )
  }
  return (
    <div className={classes.far}>
      {rung.at === 'saved' ? <IconCheck size={16} aria-hidden /> : <IconArrowUp size={16} aria-hidden />}
      {rung.at === 'saved'
        ? t('outbox.saved', { region: regionTitle(rung.region), when })
        : t('outbox.device', { when })}
    </div>
  )
}
