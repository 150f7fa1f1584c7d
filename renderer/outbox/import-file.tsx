import { Button, FileButton, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconFileImport } from '@tabler/icons-react'
import { type FormEvent, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDateTime } from '../../domain/display/dates.ts'
import { deviceZone } from '../chart/zoned-time.ts'
import { useWork } from '../session/use-work.tsx'
import { readDocument } from '../sync/read-document.ts'
import { type ChangeFileProblem, changeFileLimits, openChanges, readHead } from './change-file.ts'
import { type ImportPlan, planImport } from './import-plan.ts'
import { ImportPreview } from './import-preview.tsx'
import classes from './outbox.module.css'
import type { PatientsById } from './patient-line.ts'

/** A file that was chosen, or dropped on the page. Nothing is imported before its preview was seen. */
export function ImportFile(props: {
  opened: boolean
  file: File | undefined
  onFile: (file: File) => void
  patients: PatientsById
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { opened, file, onFile, onClose } = props
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('importFile.title')}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      centered
    >
      {file ? (
        <Chosen key={`${file.name} ${file.lastModified}`} {...props} file={file} />
      ) : (
        <div className={classes.drop}>
          <IconFileImport size={28} stroke={1.5} aria-hidden />
          <Text c="dimmed">{t('importFile.drop')}</Text>
          <Choose words={t('importFile.choose')} onFile={onFile} />
        </div>
      )}
    </Modal>
  )
}

function Choose({ words, onFile }: { words: string; onFile: (file: File) => void }) {
  return (
    <FileButton onChange={(file) => file && onFile(file)} inputProps={{ 'aria-label': words }}>
      {(given) => (
        <Button variant="default" {...given}>
          {words}
        </Button>
      )}
    </FileButton>
  )
}

type Read = { bytes: Uint8Array; made: string }

function Chosen(props: {
  file: File
  onFile: (file: File) => void
  patients: PatientsById
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { file } = props
  const [read, setRead] = useState<Read>()
  const [problem, setProblem] = useState<ChangeFileProblem>()
  const [plan, setPlan] = useState<ImportPlan>()

  useEffect(() => {
    let stopped = false
    const look = async () => {
      // Not one byte is read of what is too large.
      if (file.size > changeFileLimits.bytes) return setProblem('too-large')
      const bytes = await file.arrayBuffer().catch(() => undefined)
      if (stopped) return
      if (!bytes) return setProblem('damaged')
      const all = new Uint8Array(bytes)
      const head = readHead(all)
      if (head.outcome === 'read') setRead({ bytes: all, made: head.made })
      else setProblem(head.outcome)
    }
    void look()
    return () => {
      stopped = true
    }
  }, [file])

  if (plan) return <ImportPreview plan={plan} patients={props.patients} onClose={props.onClose} />
  return (
    <Stack>
      <div>
        <Text fw={600} className={classes.fileName}>
          {file.name}
        </Text>
        {read && (
          <Text fz="sm" c="dimmed">
            {t('importFile.made', { when: formatDateTime(read.made, deviceZone()) })}
          </Text>
        )}
      </div>
      {problem && (
        <div className={classes.damaged} role="alert">
          <IconAlertTriangle size={20} aria-hidden />
          <div>
            <strong>{t(`importFile.problems.${problem}.title`)}</strong>
            <div>{t(`importFile.problems.${problem}.text`)}</div>
          </div>
        </div>
      )}
      {read ? (
        <Passphrase bytes={read.bytes} onPlan={setPlan} onProblem={setProblem} onClose={props.onClose} />
      ) : (
        <Group justify="flex-end">
          <Choose words={t('importFile.other')} onFile={props.onFile} />
        </Group>
      )}
    </Stack>
  )
}

function Passphrase(props: {
  bytes: Uint8Array
  onPlan: (plan: ImportPlan) => void
  onProblem: (problem: ChangeFileProblem | undefined) => void
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { who, replica, changes, copies } = useWork()
  const [passphrase, setPassphrase] = useState('')
  const [busy, setBusy] = useState(false)
  const onSubmit = async (event: FormEvent) => {
    event.preventDefault()
    if (passphrase === '' || busy) return
    setBusy(true)
    props.onProblem(undefined)
    const opened = await openChanges(props.bytes, passphrase).catch(() => ({ outcome: 'damaged' as const }))
    if (opened.outcome !== 'opened') {
      setBusy(false)
      return props.onProblem(opened.outcome)
    }
    const kept = (await replica.outbox.all().catch(() => undefined))?.changes ?? []
    // What has arrived has left the outbox: it stands in the copies.
    const documents = [...new Set(opened.changes.map(({ entry }) => entry.document))]
    const copied = await Promise.all(
      documents.map((name) => readDocument(copies, name).catch(() => undefined)),
    )
    const here = new Set([
      ...changes.ladder().keys(),
      ...kept.map(({ id }) => id),
      ...copied.flatMap((copy) => [...(copy?.state.held ?? [])]),
    ])
    props.onPlan(planImport(opened, { user: who.user.id, here, now: Date.now() }))
  }
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <PasswordInput
          label={t('importFile.passphrase')}
          value={passphrase}
          onChange={(event) => setPassphrase(event.currentTarget.value)}
          autoComplete="off"
          visibilityToggleButtonProps={{
            'aria-label': t('exportFile.show'),
            tabIndex: 0,
            'aria-hidden': false,
          }}
          data-autofocus
          autoFocus
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('importFile.open')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
