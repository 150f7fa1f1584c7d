import { VisuallyHidden } from '@mantine/core'
import { IconKeyboard, IconPrinter, IconSend, IconUsers } from '@tabler/icons-react'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { desktopHere } from '../downtime/desktop.ts'
import { isRefused } from '../outbox/unsent.ts'
import { UnsentProvider, useUnsent } from '../outbox/use-unsent.tsx'
import { Notices } from '../status/notices.tsx'
import { StatusStrip } from '../status/strip.tsx'
import { KeysHelp } from './keys-help.tsx'
import { nothingOnScreen, type OnScreen, OnScreenContext } from './on-screen.ts'
import classes from './shell.module.css'
import { BannerHeight, BannerSlot, PanelSlot } from './slots.ts'
import { SlowProgress } from './slow.tsx'
import { useCommand } from './use-commands.tsx'

/** What stands around every screen: strip, notices, banner, rail. */
export function Shell() {
  return (
    <UnsentProvider>
      <Frame />
    </UnsentProvider>
  )
}

function Frame() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [bannerSlot, setBannerSlot] = useState<HTMLElement | null>(null)
  const [panelSlot, setPanelSlot] = useState<HTMLElement | null>(null)
  const [help, setHelp] = useState(false)
  const main = useRef<HTMLElement>(null)
  const notices = useRef<HTMLDivElement>(null)
  const path = useRouterState({ select: (state) => state.location.pathname })
  const [onScreen, setOnScreen] = useState(nothingOnScreen)
  const tell = useCallback((part: Partial<OnScreen>) => setOnScreen((before) => ({ ...before, ...part })), [])
  const screen = useMemo(() => ({ onScreen, tell }), [onScreen, tell])
  useWarningBeforeLoss(onScreen.typed)

  const bannerHeight = useCallback(() => {
    const height = bannerSlot?.offsetHeight ?? 0
    // Notices, where there are some, stand between the strip and the banner.
    return height === 0 ? 0 : height + (notices.current?.offsetHeight ?? 0)
  }, [bannerSlot])
  const toPatients = () => void navigate({ to: '/' })
  useCommand('patients', toPatients)
  useCommand('search', toPatients)
  useCommand('outbox', () => void navigate({ to: '/outbox' }))
  useCommand('help', () => setHelp(true))
  useEffect(() => desktopHere()?.onDowntime(() => void navigate({ to: '/downtime' })), [navigate])

  return (
    <OnScreenContext value={screen}>
      <div className={classes.frame}>
        <button type="button" className={classes.skip} onClick={() => main.current?.focus()}>
          {t('app.skip')}
        </button>
        <BannerHeight value={bannerHeight}>
          <StatusStrip onHelp={() => setHelp(true)} />
        </BannerHeight>
        <div ref={notices}>
          <Notices />
        </div>
        <div ref={setBannerSlot} />
        <div className={classes.body}>
          <nav className={classes.rail} aria-label={t('rail.label')}>
            <Link
              to="/"
              className={classes.place}
              data-current={path === '/' || undefined}
              title={t('rail.patients')}
            >
              <IconUsers size={22} stroke={1.6} aria-hidden />
              <span>{t('rail.patients')}</span>
            </Link>
            <OutboxPlace current={path === '/outbox'} />
            <Link
              to="/downtime"
              className={classes.place}
              data-current={path === '/downtime' || undefined}
              title={t('rail.downtime')}
            >
              <IconPrinter size={22} stroke={1.6} aria-hidden />
              <span>{t('rail.downtime')}</span>
            </Link>
            <button
              type="button"
              className={classes.place}
              onClick={() => setHelp(true)}
              title={t('rail.help')}
            >
              <IconKeyboard size={22} stroke={1.6} aria-hidden />
              <span>{t('rail.help')}</span>
            </button>
          </nav>
          <main ref={main} id="main" className={classes.main} tabIndex={-1}>
            <BannerSlot value={bannerSlot}>
              <PanelSlot value={panelSlot}>
                <Suspense fallback={<SlowProgress label={t('app.loading')} />}>
                  <Outlet />
                </Suspense>
              </PanelSlot>
            </BannerSlot>
          </main>
          <div ref={setPanelSlot} className={classes.panel} />
        </div>
        <KeysHelp opened={help} onClose={() => setHelp(false)} />
      </div>
    </OnScreenContext>
  )
}

/** The way to the outbox, with how much is in it. */
function OutboxPlace({ current }: { current: boolean }) {
  const { t } = useTranslation()
  const { changes } = useUnsent()
  const count = changes.length
  return (
    <Link to="/outbox" className={classes.place} data-current={current || undefined} title={t('rail.outbox')}>
      <IconSend size={22} stroke={1.6} aria-hidden />
      <span>{t('rail.outbox')}</span>
      {count > 0 && (
        <b className={classes.badge} data-tone={changes.some(isRefused) ? 'critical' : undefined}>
          {count > 99 ? '99+' : count} <VisuallyHidden>{t('rail.waiting', { count })}</VisuallyHidden>
        </b>
      )}
    </Link>
  )
}

/** The browser asks before a window is closed in which something is typed. What was saved is on this device. */
function useWarningBeforeLoss(typed: boolean) {
  useEffect(() => {
    if (!typed) return
    const warn = (event: BeforeUnloadEvent) => {
      event.preventDefault()
      // Chromium before 119 asks only for this.
      event.returnValue = true
    }
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [typed])
}
