import { Popover } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { useBannerHeight } from '../shell/slots.ts'
import classes from './strip-popover.module.css'

/** A button of the strip, and what it opens beneath the patient's banner, which stays in sight. */
export function StripPopover(props: {
  /** What the button says. */
  says: ReactNode
  tone?: 'good' | 'warn' | 'bad' | 'quiet'
  /** Names what is opened. */
  label: string
  /** In px. */
  width: number
  children: (close: () => void) => ReactNode
}) {
  const [opened, setOpened] = useState(false)
  const below = useBannerHeight()
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-start"
      width={props.width}
      offset={8 + below()}
      shadow="md"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <button
          type="button"
          className={classes.button}
          data-tone={props.tone}
          aria-expanded={opened}
          onClick={() => setOpened((open) => !open)}
        >
          {props.says}
          <IconChevronDown size={13} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={props.label}>{props.children(() => setOpened(false))}</Popover.Dropdown>
    </Popover>
  )
}
