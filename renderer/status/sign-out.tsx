import { Button, Group, Modal, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isRefused } from '../outbox/unsent.ts'
import { useUnsent } from '../outbox/use-unsent.tsx'
import { useWork } from '../session/use-work.tsx'
import { useOnScreen } from '../shell/on-screen.ts'

/** Is there anything that somebody who signs out should know of? */
export function useAsksBeforeSignOut(): boolean {
  const { changes, damaged, state } = useUnsent()
  const { typed } = useOnScreen()
  return changes.length > 0 || damaged > 0 || typed || state === 'failed'
}

/** What stays on this device, and that it goes on when the same person signs in here again. Nothing is dropped. */
export function SignOut({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const { changes, damaged } = useUnsent()
  const { typed } = useOnScreen()
  const count = changes.length
  // Who waits here must see that the last one has gone, not a dialog without words.
  const [waited, setWaited] = useState(false)
  useEffect(() => {
    if (!opened) setWaited(false)
    else if (count > 0) setWaited(true)
  }, [opened, count])
  const title =
    count > 0
      ? t('signOut.title', { count })
      : typed
        ? t('signOut.typedTitle')
        : damaged > 0
          ? t('notice.damaged.heading', { count: damaged })
          : t('signOut.gone')
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      centered
    >
      {count > 0 && <Kept />}
      {count === 0 && waited && (
        <Text mb="md" role="status">
          {t('signOut.goneText')}
        </Text>
      )}
      {damaged > 0 && <Text mb="md">{t('signOut.damaged', { count: damaged })}</Text>}
      {typed && <Text mb="md">{t('signOut.typedText')}</Text>}
      <Buttons typed={typed} exports={count > 0 && !typed} onClose={onClose} />
    </Modal>
  )
}

function Kept() {
  const { t } = useTranslation()
  const { persisted } = useWork()
  const { changes } = useUnsent()
  const refused = changes.filter(isRefused).length
  const going = changes.length - refused
  return (
    <>
      <Text mb="xs">{t('signOut.text', { count: changes.length })}</Text>
      {going > 0 && (
        <Text mb="xs">
          {t('signOut.later')} {t('signOut.wait')}
        </Text>
      )}
      {refused > 0 && <Text mb="xs">{t('signOut.refused', { count: refused })}</Text>}
      {!persisted && (
        <Text mb="xs" fz="sm" c="var(--warn)">
          {t('strip.notPersisted')}
        </Text>
      )}
    </>
  )
}

function Buttons({ typed, exports, onClose }: { typed: boolean; exports: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const { session } = useWork()
  const navigate = useNavigate()
  const toExport = () => {
    onClose()
    void navigate({ to: '/outbox', search: { export: true } })
  }
  return (
    <Group justify="flex-end" mt="md">
      {exports && (
        <Button variant="subtle" mr="auto" onClick={toExport}>
          {t('signOut.export')}
        </Button>
      )}
      <Button variant="default" onClick={() => session.signOut()}>
        {t(typed ? 'signOut.leaveTyped' : 'signOut.leave')}
      </Button>
      <Button data-autofocus onClick={onClose}>
        {t('signOut.stay')}
      </Button>
    </Group>
  )
}
