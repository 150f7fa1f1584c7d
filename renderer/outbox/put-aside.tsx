import { Button, Group, Modal, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { StoredChange } from '../replica/stored-change.ts'
import classes from './outbox.module.css'
import { type PatientsById, patientWords } from './patient-line.ts'

const mostNamed = 6

/** Asks before changes leave this device for good, naming what is lost. */
export function PutAside(props: {
  changes: readonly StoredChange[] | undefined
  patients: PatientsById
  onClose: () => void
  onExport: () => void
  onYes: () => void
}) {
  const { t } = useTranslation()
  const changes = props.changes ?? []
  const count = changes.length
  return (
    <Modal
      opened={props.changes !== undefined}
      onClose={props.onClose}
      title={t('putAside.title', { count })}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      centered
    >
      <Text>{t('putAside.text', { count })}</Text>
      <ul className={classes.lost}>
        {changes.slice(0, mostNamed).map((change) => (
          <li key={change.id}>
            <strong>{change.about}</strong>
            <div className={classes.quiet}>{patientWords(t, props.patients, change)}</div>
          </li>
        ))}
        {count > mostNamed && <li>{t('putAside.more', { count: count - mostNamed })}</li>}
      </ul>
      <Group justify="flex-end">
        <Button variant="subtle" mr="auto" onClick={props.onExport}>
          {t('putAside.export')}
        </Button>
        <Button variant="default" onClick={props.onYes}>
          {t('putAside.yes')}
        </Button>
        <Button data-autofocus onClick={props.onClose}>
          {t('putAside.keep')}
        </Button>
      </Group>
    </Modal>
  )
}
