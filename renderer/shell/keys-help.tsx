import { Modal, Switch, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { shortcuts } from './keyboard.ts'
import classes from './keys-help.module.css'
import { useCommands } from './use-commands.tsx'

export function KeysHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const { enabled, setEnabled } = useCommands()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('keys.title')}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="sm"
      centered
    >
      <dl className={classes.list}>
        {shortcuts.map(({ keys, command }) => (
          <div key={command}>
            <dt>{t(`keys.commands.${command}`)}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <Text fz="sm" c="dimmed" mb="md">
        {t('keys.list')}
      </Text>
      <Switch
        label={t('keys.single')}
        description={t('keys.singleHint')}
        checked={enabled}
        onChange={(event) => setEnabled(event.currentTarget.checked)}
      />
    </Modal>
  )
}
