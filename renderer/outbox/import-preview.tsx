import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useWork } from '../session/use-work.tsx'
import type { ImportPlan } from './import-plan.ts'
import classes from './outbox.module.css'
import { type PatientsById, patientWords } from './patient-line.ts'
import { useUnsent } from './use-unsent.tsx'

/** So many are named of each kind. */
const mostNamed = 20

/** How many are new, and why the others are not imported; then imports, all or nothing. */
export function ImportPreview({
  plan,
  patients,
  onClose,
}: {
  plan: ImportPlan
  patients: PatientsById
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { changes } = useWork()
  const { reread } = useUnsent()
  const [state, setState] = useState<'asking' | 'busy' | 'done' | 'full' | 'failed'>('asking')
  const count = plan.fresh.length
  const doImport = async () => {
    setState('busy')
    const { outcome } = await changes.adopt(plan.fresh)
    await reread()
    setState(outcome === 'kept' ? 'done' : outcome)
  }
  if (state === 'done')
    return (
      <Stack>
        <Alert
          icon={<IconCircleCheck aria-hidden />}
          title={t('importFile.done', { count })}
          variant="outline"
          role="status"
        >
          {t('importFile.doneText')}
        </Alert>
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('app.close')}</Button>
        </Group>
      </Stack>
    )
  const named = (changes: ImportPlan['fresh']) =>
    changes.length > 0 && (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls is reached by keyboard
      <ul className={classes.named} tabIndex={0}>
        {changes.slice(0, mostNamed).map((change) => (
          <li key={change.id}>
            <strong>{change.about}</strong>
            <div className={classes.quiet}>{patientWords(t, patients, change)}</div>
          </li>
        ))}
        {changes.length > mostNamed && <li>{t('putAside.more', { count: changes.length - mostNamed })}</li>}
      </ul>
    )
  return (
    <Stack gap="xs">
      {count === 0 && <Text>{t('importFile.nothing')}</Text>}
      {count > 0 && <Text fw={600}>{t('importFile.fresh', { count })}</Text>}
      {named(plan.fresh)}
      {plan.known > 0 && <Text>{t('importFile.known', { count: plan.known })}</Text>}
      {plan.others.length > 0 && <Text>{t('importFile.others', { count: plan.others.length })}</Text>}
      {named(plan.others)}
      {plan.unreadable > 0 && <Text>{t('importFile.unreadable', { count: plan.unreadable })}</Text>}
      {count > 0 && (
        <Text fz="sm" c="dimmed">
          {t('importFile.twice')}
        </Text>
      )}
      {(state === 'full' || state === 'failed') && (
        <Text c="var(--critical)" role="alert">
          {t(state === 'full' ? 'outbox.noRoom' : 'outbox.noWrite')}
        </Text>
      )}
      <Group justify="flex-end" mt="xs">
        <Button variant="default" onClick={onClose}>
          {t(count > 0 ? 'app.cancel' : 'app.close')}
        </Button>
        {count > 0 && (
          <Button loading={state === 'busy'} onClick={doImport}>
            {t('importFile.import', { count })}
          </Button>
        )}
      </Group>
    </Stack>
  )
}
