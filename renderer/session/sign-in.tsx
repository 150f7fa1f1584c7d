import {
  Alert,
  Button,
  Group,
  Loader,
  Paper,
  PasswordInput,
  Select,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconAlertTriangle, IconArrowBigUpLine, IconInfoCircle } from '@tabler/icons-react'
import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Mark } from '../shell/mark.tsx'
import type { Entering, EnterProblem } from './entering.ts'
import { findRegions, type Regions, regionNames, regionTitle } from './regions.ts'
import classes from './sign-in.module.css'
import { fetchHere } from './use-work.tsx'

type Finding =
  | { state: 'asking' }
  | { state: 'failed'; problem: 'unreachable' | 'unreadable' }
  | { state: 'found'; regions: Regions }

/** Who are you, and which region shall this window work with? */
export function SignIn({ entering, ended }: { entering: Entering; ended: boolean }) {
  const { t } = useTranslation()
  const [finding, ask] = useRegions()
  // In place of the name of the last patient.
  useDocumentTitle(t('app.name'))

  return (
    <main className={classes.page}>
      <Paper className={classes.card} withBorder>
        <Group gap="sm" mb="lg">
          <Mark size={34} />
          <div>
            <Title order={1} fz="xl" lh={1.2}>
              {t('app.name')}
            </Title>
            <Text fz="sm" c="dimmed">
              {t('app.tagline')}
            </Text>
          </div>
        </Group>
        {finding.state === 'asking' && (
          <Group gap="sm" role="status">
            <Loader size="xs" />
            <Text>{t('signIn.findingRegions')}</Text>
          </Group>
        )}
        {finding.state === 'failed' && (
          <Stack>
            <Problem title={t(`signIn.noRegions.${finding.problem}.title`)}>
              {t(`signIn.noRegions.${finding.problem}.text`)}
            </Problem>
            <Button onClick={ask}>{t('signIn.askAgain')}</Button>
          </Stack>
        )}
        {finding.state === 'found' && (
          <SignInForm entering={entering} regions={finding.regions} ended={ended} />
        )}
      </Paper>
      <Text fz="xs" c="dimmed" ta="center" maw={420}>
        {t('signIn.notForCare')}
      </Text>
    </main>
  )
}

function SignInForm({ entering, regions, ended }: { entering: Entering; regions: Regions; ended: boolean }) {
  const { t } = useTranslation()
  const names = regionNames(regions)
  const [region, setRegion] = useState(regions.region)
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  /** Asked for once a region has accepted a password that this device does not know. */
  const [earlier, setEarlier] = useState('')
  const [missing, setMissing] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<{ problem: EnterProblem; region: string } | undefined>(undefined)
  const [capsLock, setCapsLock] = useState(false)
  const passwordField = useRef<HTMLInputElement>(null)
  const asksEarlier = problem?.problem.problem === 'device' && problem.problem.why === 'wrong-password'

  const signIn = async (at: string) => {
    if (username.trim() === '' || password === '') return setMissing(true)
    setMissing(false)
    setBusy(true)
    setProblem(undefined)
    const who = { username: username.trim(), password, ...(asksEarlier && { earlier }) }
    const failed = await entering.enter(at, regions.regions, who)
    if (!failed) return
    setBusy(false)
    setProblem({ problem: failed, region: at })
    if (failed.problem === 'refused' || failed.problem === 'offline') passwordField.current?.select()
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    void signIn(region)
  }
  const elsewhere = (other: string) => {
    setRegion(other)
    void signIn(other)
  }

  return (
    <form onSubmit={onSubmit} noValidate aria-label={t('signIn.title')}>
      <Stack gap="md">
        {ended && !problem && (
          <Alert
            icon={<IconInfoCircle aria-hidden />}
            title={t('signIn.ended.title')}
            variant="outline"
            role="status"
          >
            {t('signIn.ended.text')}
          </Alert>
        )}
        {problem && (
          <SignInFailure {...problem} others={names.filter((n) => n !== problem.region)} onTry={elsewhere} />
        )}
        <TextInput
          label={t('signIn.username')}
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
          error={missing && username.trim() === '' && t('signIn.usernameMissing')}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          data-autofocus
          autoFocus
        />
        <PasswordInput
          ref={passwordField}
          label={t('signIn.password')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          onKeyDown={(event) => setCapsLock(event.getModifierState('CapsLock'))}
          onKeyUp={(event) => setCapsLock(event.getModifierState('CapsLock'))}
          onBlur={() => setCapsLock(false)}
          error={missing && password === '' && t('signIn.passwordMissing')}
          autoComplete="current-password"
          visibilityToggleButtonProps={{
            'aria-label': t('signIn.showPassword'),
            tabIndex: 0,
            'aria-hidden': false,
          }}
        />
        {asksEarlier && (
          <PasswordInput
            label={t('signIn.earlier')}
            description={t('signIn.earlierHint')}
            value={earlier}
            onChange={(event) => setEarlier(event.currentTarget.value)}
            autoComplete="off"
            autoFocus
          />
        )}
        {capsLock && (
          <Text fz="sm" c="var(--warn)" role="status" className={classes.hint}>
            <IconArrowBigUpLine size={16} aria-hidden /> {t('signIn.capsLock')}
          </Text>
        )}
        <Select
          label={t('signIn.region')}
          description={t('signIn.regionHint')}
          data={names.map((name) => ({
            value: name,
            label:
              name === regions.region
                ? t('signIn.ownRegion', { region: regionTitle(name) })
                : regionTitle(name),
          }))}
          value={region}
          onChange={(value) => value && setRegion(value)}
        />
        <Button type="submit" loading={busy} fullWidth mt="xs">
          {t('signIn.submit')}
        </Button>
      </Stack>
    </form>
  )
}

function SignInFailure(props: {
  problem: EnterProblem
  region: string
  others: string[]
  onTry: (region: string) => void
}) {
  const { t } = useTranslation()
  const region = regionTitle(props.region)
  const { problem } = props
  const elsewhere = (
    <Group gap="xs" mt="sm">
      {props.others.map((other) => (
        <Button key={other} size="xs" variant="default" onClick={() => props.onTry(other)}>
          {t('signIn.tryRegion', { region: regionTitle(other) })}
        </Button>
      ))}
    </Group>
  )
  if (problem.problem === 'device')
    return (
      <Problem title={t(`signIn.device.${problem.why}.title`)}>
        {t(`signIn.device.${problem.why}.text`)}
      </Problem>
    )
  if (problem.problem === 'offline' && problem.why === 'wrong-password')
    return (
      <Problem title={t('signIn.offlineWrong.title', { region })}>
        {t('signIn.offlineWrong.text')}
        {elsewhere}
      </Problem>
    )
  if (problem.problem === 'refused' && problem.status === 401)
    return <Problem title={t('signIn.wrong.title')}>{t('signIn.wrong.text')}</Problem>
  if (problem.problem === 'refused' && problem.status === 429)
    return <Problem title={t('signIn.tooMany.title')}>{t('signIn.tooMany.text')}</Problem>
  if (problem.problem === 'refused' || problem.problem === 'unreadable')
    return (
      <Problem title={t('signIn.odd.title', { region })}>
        {t('signIn.odd.text', {
          code: problem.problem === 'refused' ? problem.status : t('signIn.odd.unreadable'),
        })}
      </Problem>
    )
  return (
    <Problem title={t('signIn.silent.title', { region })}>
      {t('signIn.silent.text')}
      {elsewhere}
    </Problem>
  )
}

function Problem({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div className={classes.problem} role="alert">
      <IconAlertTriangle size={20} aria-hidden />
      <div>
        <Text fw={600}>{title}</Text>
        <div>{children}</div>
      </div>
    </div>
  )
}

function useRegions(): [Finding, () => void] {
  const [finding, setFinding] = useState<Finding>({ state: 'asking' })
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round asks again
  useEffect(() => {
    const stop = new AbortController()
    setFinding({ state: 'asking' })
    const handedOver: unknown = (window as { meridian?: { config?: unknown } }).meridian?.config
    void findRegions({ handedOver, fetch: fetchHere }, stop.signal).then((found) => {
      if (stop.signal.aborted) return
      setFinding(
        'problem' in found ? { state: 'failed', problem: found.problem } : { state: 'found', regions: found },
      )
    })
    return () => stop.abort()
  }, [round])
  return [finding, useCallback(() => setRound((n) => n + 1), [])]
}
