import { Alert, Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StoredChange } from '../replica/stored-change.ts'
import { changeFileLimits, sealChanges } from './change-file.ts'
import { fileName, saveFile } from './save-file.ts'

/** Asks for a passphrase and saves changes as a sealed file. */
export function ExportFile({
  changes,
  onClose,
}: {
  changes: readonly StoredChange[] | undefined
  onClose: () => void
}) {
  const { t } = useTranslation()
  const count = changes?.length ?? 0
  return (
    <Modal
      opened={changes !== undefined}
      onClose={onClose}
      title={t('exportFile.title', { count })}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      centered
    >
      {changes && <ExportForm changes={changes} onClose={onClose} />}
    </Modal>
  )
}

type State =
  | { at: 'asking' | 'busy' }
  | { at: 'failed'; why: 'too-large' | 'failed' }
  | { at: 'done'; name: string }

function ExportForm({ changes, onClose }: { changes: readonly StoredChange[]; onClose: () => void }) {
  const { t } = useTranslation()
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const [asked, setAsked] = useState(false)
  const [state, setState] = useState<State>({ at: 'asking' })
  const least = changeFileLimits.passphrase
  const short = [...passphrase].length < least
  const toggle = { 'aria-label': t('exportFile.show'), tabIndex: 0, 'aria-hidden': false }

  const onSubmit = async (event: FormEvent) => {
    event.preventDefault()
    if (state.at === 'busy') return
    setAsked(true)
    if (short || passphrase !== again) return
    setState({ at: 'busy' })
    const now = Date.now()
    const sealed = await sealChanges(changes, passphrase, { now }).catch(() => ({
      outcome: 'failed' as const,
    }))
    if (sealed.outcome !== 'sealed') return setState({ at: 'failed', why: sealed.outcome })
    const name = fileName('changes', new Date(now))
    saveFile(name, sealed.bytes)
    setState({ at: 'done', name })
  }

  if (state.at === 'done')
    return (
      <Stack>
        <Alert
          icon={<IconCircleCheck aria-hidden />}
          title={t('exportFile.done')}
          variant="outline"
          role="status"
        >
          {t('exportFile.doneText', { name: state.name })}
        </Alert>
        <Group justify="flex-end">
          <Button data-autofocus onClick={onClose}>
            {t('app.close')}
          </Button>
        </Group>
      </Stack>
    )
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <Text>{t('exportFile.text')}</Text>
        <PasswordInput
          label={t('exportFile.passphrase')}
          description={t('exportFile.hint', { count: least })}
          value={passphrase}
          onChange={(event) => setPassphrase(event.currentTarget.value)}
          error={asked && short && t('exportFile.short', { count: least })}
          autoComplete="new-password"
          visibilityToggleButtonProps={toggle}
          data-autofocus
        />
        <PasswordInput
          label={t('exportFile.again')}
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
          error={asked && !short && again !== passphrase && t('exportFile.different')}
          autoComplete="new-password"
          visibilityToggleButtonProps={toggle}
        />
        {state.at === 'failed' && (
          <Text c="var(--critical)" role="alert">
            <IconAlertTriangle size={16} aria-hidden /> {t(`exportFile.failed.${state.why}`)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" loading={state.at === 'busy'}>
            {t('exportFile.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
