import { Button, Drawer, Group } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usePanelSlot } from '../shell/slots.ts'
import classes from './side-panel.module.css'

/**
 * A panel at the side: in wide windows the chart makes room for it and stays in sight whole. It is closed by its
 * buttons and by Escape, never by a click beside it; what has been typed is not thrown away without asking.
 */
export function SidePanel(props: {
  opened: boolean
  onClose: () => void
  title: string
  dirty: boolean
  children: ReactNode
}) {
  const { t } = useTranslation()
  const slot = usePanelSlot()
  const [asking, setAsking] = useState(false)
  const close = () => {
    if (props.dirty && !asking) return setAsking(true)
    setAsking(false)
    props.onClose()
  }
  if (!slot) return null
  return (
    <Drawer
      opened={props.opened}
      onClose={close}
      title={props.title}
      position="right"
      withOverlay={false}
      lockScroll={false}
      closeOnClickOutside={false}
      shadow="none"
      transitionProps={{ duration: 0 }}
      portalProps={{ target: slot }}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      classNames={{
        root: classes.root,
        inner: classes.inner,
        content: classes.content,
        header: classes.header,
        title: classes.title,
        body: classes.body,
      }}
    >
      {asking && (
        <div className={classes.asking} role="alert">
          <IconAlertTriangle size={18} aria-hidden />
          <span>{t('panel.discard')}</span>
          <Group gap="xs">
            <Button size="compact-sm" variant="default" onClick={close}>
              {t('panel.discardYes')}
            </Button>
            <Button size="compact-sm" autoFocus onClick={() => setAsking(false)}>
              {t('panel.discardNo')}
            </Button>
          </Group>
        </div>
      )}
      {props.children}
    </Drawer>
  )
}
