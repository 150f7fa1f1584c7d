import { Anchor, Menu, Text, useMantineColorScheme } from '@mantine/core'
import {
  IconAlertTriangle,
  IconArrowUp,
  IconCheck,
  IconChevronDown,
  IconDeviceDesktop,
  IconInfoCircle,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSun,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useUnsent } from '../outbox/use-unsent.tsx'
import { useLadder, useWork } from '../session/use-work.tsx'
import { useBannerHeight } from '../shell/slots.ts'
import { type Ladder, notAccepted, onTheWay, savedOnce } from '../sync/ladder.ts'
import { ChangesList } from './changes-list.tsx'
import { RegionsMenu } from './regions-menu.tsx'
import { SignOut, useAsksBeforeSignOut } from './sign-out.tsx'
import classes from './strip.module.css'
import { StripPopover } from './strip-popover.tsx'

/** One line, always there: region, round trip, connection, changes on the way, user. */
export function StatusStrip({ onHelp }: { onHelp: () => void }) {
  return (
    <header className={classes.strip}>
      <RegionsMenu />
      <ChangesOnTheWay />
      <UserMenu onHelp={onHelp} />
    </header>
  )
}

function ChangesOnTheWay() {
  const { t } = useTranslation()
  const ladder = useLadder()
  const { persisted } = useWork()
  const going = onTheWay(ladder).length
  const refused = notAccepted(ladder).length
  // Of a row that cannot be read nobody knows whether a region has it: then not all is saved.
  const { damaged } = useUnsent()
  const troubles = refused + damaged
  const once = useSavedOnce(ladder)
  const words = () => {
    if (going > 0) return t('strip.onTheWay', { count: going })
    if (once > 0) return t('strip.savedOnce', { count: once })
    return troubles === 0 && t(ladder.size > 0 ? 'strip.allSaved' : 'strip.nothingSent')
  }
  const says = (
    <>
      {going > 0 || once > 0 ? (
        <IconArrowUp size={15} aria-hidden />
      ) : (
        troubles === 0 && ladder.size > 0 && <IconCheck size={15} aria-hidden />
      )}
      <span aria-live="polite">{words()}</span>
      {refused > 0 && <Trouble>{t('strip.refused', { count: refused })}</Trouble>}
      {damaged > 0 && <Trouble>{t('strip.damaged', { count: damaged })}</Trouble>}
    </>
  )
  return (
    <StripPopover says={says} label={t('strip.changes')} width={380}>
      {(close) => (
        <>
          <ChangesList />
          <Anchor component={Link} to="/outbox" fz="sm" fw={600} mt="xs" display="block" onClick={close}>
            {t('strip.toOutbox')}
          </Anchor>
          {!persisted && (
            <div className={classes.hint}>
              <IconInfoCircle size={16} aria-hidden className={classes.hintMark} />
              {t('strip.notPersisted')}
            </div>
          )}
        </>
      )}
    </StripPopover>
  )
}

function Trouble({ children }: { children: ReactNode }) {
  return (
    <span className={classes.refused}>
      <IconAlertTriangle size={15} aria-hidden />
      {children}
    </span>
  )
}

/** A change that stays with one region for longer than this is told, in ms: the others usually have it sooner. */
const usualMs = 3000

/** How many changes only one region has, though there are others that should. */
function useSavedOnce(ladder: Ladder): number {
  const { who } = useWork()
  const isAlone = Object.keys(who.regions).length === 1
  const waiting = isAlone ? [] : savedOnce(ladder)
  const late = waiting.filter(({ since }) => Date.now() - since >= usualMs)
  const next = waiting.find((change) => !late.includes(change))?.since
  const [, tick] = useState(0)
  useEffect(() => {
    if (next === undefined) return
    const timer = setTimeout(() => tick((n) => n + 1), Math.max(0, next + usualMs - Date.now()))
    return () => clearTimeout(timer)
  }, [next])
  return late.length
}

const themes = [
  { value: 'light', icon: IconSun },
  { value: 'dark', icon: IconMoon },
  { value: 'auto', icon: IconDeviceDesktop },
] as const

function UserMenu({ onHelp }: { onHelp: () => void }) {
  const { t } = useTranslation()
  const { who, session } = useWork()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const [opened, setOpened] = useState(false)
  const [leaving, setLeaving] = useState(false)
  const target = useRef<HTMLButtonElement>(null)
  const asks = useAsksBeforeSignOut()
  const below = useBannerHeight()
  const { user } = who
  // A dialog gives the focus back to what had it: the button, not an entry of a menu that is gone.
  const then = (open: () => void) => {
    target.current?.focus()
    open()
  }
  const role = isKnownRole(user.role) ? t(`strip.roles.${user.role}`) : user.role
  return (
    <>
      <Menu
        opened={opened}
        onChange={setOpened}
        position="bottom-end"
        width={240}
        shadow="md"
        offset={8 + below()}
      >
        <Menu.Target>
          <button
            ref={target}
            type="button"
            className={classes.button}
            aria-label={t('strip.user', { name: user.name })}
          >
            {user.name}
            <IconChevronDown size={13} aria-hidden />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Text fz="xs" c="dimmed" px="sm" py={6}>
            {t('strip.signedInAs', { role, organisation: user.organisation })}
          </Text>
          <Menu.Divider />
          <Menu.Label c="dimmed">{t('strip.theme')}</Menu.Label>
          {themes.map(({ value, icon: Icon }) => (
            <Menu.Item
              key={value}
              leftSection={<Icon size={16} aria-hidden />}
              rightSection={colorScheme === value ? <IconCheck size={16} aria-hidden /> : undefined}
              role="menuitemradio"
              aria-checked={colorScheme === value}
              onClick={() => setColorScheme(value)}
            >
              {t(`strip.themes.${value}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={() => then(onHelp)}>
            {t('strip.keyboard')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconLogout size={16} aria-hidden />}
            onClick={() => (asks ? then(() => setLeaving(true)) : session.signOut())}
          >
            {t('strip.signOut')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <SignOut opened={leaving} onClose={() => setLeaving(false)} />
    </>
  )
}

function isKnownRole(role: string): role is 'physician' | 'nurse' | 'operator' {
  return role === 'physician' || role === 'nurse' || role === 'operator'
}
