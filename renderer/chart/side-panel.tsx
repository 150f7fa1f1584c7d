import { Button, Drawer, Group } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useBlocker } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useTell } from '../shell/on-screen.ts'
import { usePanelSlot } from '../shell/slots.ts'
import classes from './side-panel.module.css'

/** Another panel is wanted in its place. */
export type Leaving = { leaving: boolean; onStay: () => void }

/** What a panel hands to the form in it. */
export type PanelForm = {
  /** What a Cancel button does: closes, after asking if something was typed. */
  onCancel: () => void
  /** Closes without asking: what was typed is saved. */
  onClose: () => void
  /** Tells whether the form holds something typed. */
  onDirty: (dirty: boolean) => void
}

/**
 * A panel at the side: in wide windows the chart makes room for it and stays in sight whole. It is closed by its
 * buttons and by Escape, never by a click beside it. What has been typed is not thrown away without asking, whichever
 * way somebody leaves: close, cancel, another panel, another screen, the browser's back button.
 */
export function SidePanel(
  props: Leaving & {
    opened: boolean
    onClose: () => void
    title: string
    children: (form: PanelForm) => ReactNode
  },
) {
  const { t } = useTranslation()
  const slot = usePanelSlot()
  const [dirty, setDirty] = useState(false)
  const typed = props.opened && dirty
  const [closing, setClosing] = useState(false)
  const away = useBlocker({
    // An address of the same chart with another search parameter leaves nothing.
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname,
    enableBeforeUnload: false,
    disabled: !typed,
    withResolver: true,
  })
  useTell('typed', typed)
  const asking = typed && (closing || props.leaving || away.status === 'blocked')
  const onClose = () => {
    setDirty(false)
    props.onClose()
  }
  const close = () => (typed ? setClosing(true) : onClose())
  const stay = () => {
    setClosing(false)
    away.reset?.()
    props.onStay()
  }
  const discard = () => {
    setClosing(false)
    onClose()
    away.proceed?.()
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
            <Button size="compact-sm" variant="default" onClick={discard}>
              {t('panel.discardYes')}
            </Button>
            <Button size="compact-sm" autoFocus onClick={stay}>
              {t('panel.discardNo')}
            </Button>
          </Group>
        </div>
      )}
      {props.children({ onCancel: close, onClose, onDirty: setDirty })}
    </Drawer>
  )
}
