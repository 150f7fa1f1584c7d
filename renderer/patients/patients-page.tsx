import { Button, Skeleton, Text, TextInput, Title, UnstyledButton } from '@mantine/core'
import { useDocumentTitle, useViewportSize } from '@mantine/hooks'
import {
  IconAlertTriangle,
  IconClock,
  IconCornerDownLeft,
  IconSearch,
  IconUsers,
  IconX,
} from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import {
  type KeyboardEvent,
  type ReactNode,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useTranslation } from 'react-i18next'
import { ageAt } from '../../domain/display/age.ts'
import { formatDate, formatTime } from '../../domain/display/dates.ts'
import { genderOf } from '../chart/gender.ts'
import { localDateTime } from '../chart/zoned-time.ts'
import { regionTitle } from '../session/regions.ts'
import { useWork } from '../session/use-work.tsx'
import { Slow } from '../shell/slow.tsx'
import { useCommand } from '../shell/use-commands.tsx'
import classes from './patients-page.module.css'
import { createPatientSearch } from './search.ts'
import { similarNames } from './similar.ts'
import { useWorklist, type Worklist } from './use-worklist.ts'
import type { PatientRow } from './worklist.ts'

/** The clinician's patients, with one search field that has the focus. */
export function PatientsPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const list = useWorklist()
  const [query, setQuery] = useState('')
  const searched = useDeferredValue(query)
  const field = useRef<HTMLInputElement>(null)
  const rows = useRef<HTMLTableSectionElement>(null)
  useDocumentTitle(t('app.title', { page: t('patients.title') }))
  useCommand('search', () => {
    field.current?.focus()
    field.current?.select()
  })

  const search = useMemo(
    () => list.rows && createPatientSearch(list.rows, new Date().getFullYear()),
    [list.rows],
  )
  const similar = useMemo(() => similarNames(list.rows ?? []), [list.rows])
  const found = useMemo(() => search?.(searched), [search, searched])

  // Who types faster than the list arrives gets the first of it then.
  const [entered, setEntered] = useState(false)
  useEffect(() => {
    if (!entered || !search) return
    setEntered(false)
    // What was typed counts, not what the list showed a moment ago.
    const first = search(query)[0]
    if (first) void navigate({ to: '/patients/$patientId', params: { patientId: first.id } })
  }, [entered, search, query, navigate])

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') setEntered(query.trim() !== '')
    else if (event.key === 'ArrowDown') {
      event.preventDefault()
      rowLinks(rows.current)[0]?.focus()
    } else if (event.key === 'Escape' && query !== '') setQuery('')
  }

  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <Title order={1} fz="lg">
          {t('patients.title')}
        </Title>
        <Text fz="sm" c="dimmed" role="status">
          {found &&
            list.rows &&
            (searched.trim() === ''
              ? t('patients.count', { count: found.length })
              : t('patients.found', { count: found.length, total: list.rows.length }))}
        </Text>
      </div>
      <TextInput
        ref={field}
        aria-label={t('patients.search')}
        placeholder={t('patients.searchHint')}
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value)
          setEntered(false)
        }}
        onKeyDown={onKeyDown}
        leftSection={<IconSearch size={18} aria-hidden />}
        rightSectionWidth={query ? 44 : 40}
        rightSection={
          query ? (
            <UnstyledButton
              className={classes.clear}
              aria-label={t('patients.clear')}
              onClick={() => {
                setQuery('')
                field.current?.focus()
              }}
            >
              <IconX size={16} aria-hidden />
            </UnstyledButton>
          ) : (
            <kbd aria-hidden>/</kbd>
          )
        }
        size="md"
        type="search"
        autoComplete="off"
        spellCheck={false}
        autoFocus
      />
      <Outdated list={list} />
      <Content list={list} query={searched} found={found}>
        <PatientTable
          rows={found ?? []}
          similar={similar}
          bodyRef={rows}
          searchRef={field}
          marked={searched.trim() !== ''}
        />
      </Content>
    </div>
  )
}

function Content(props: {
  list: ReturnType<typeof useWorklist>
  query: string
  found: readonly PatientRow[] | undefined
  children: ReactNode
}) {
  const { t } = useTranslation()
  const region = regionTitle(useWork().who.region)
  const { list, found } = props
  if (!list.rows || !found) {
    if (!list.problem) return <Loading />
    const { problem } = list
    return (
      <State
        icon={<IconAlertTriangle size={32} stroke={1.4} aria-hidden />}
        title={t('patients.failed.title')}
      >
        <Text c="dimmed">
          {problem.problem === 'refused'
            ? t('patients.failed.refused', {
                region,
                why: problem.detail || problem.title || String(problem.status),
              })
            : t(`patients.failed.${problem.problem}`, { region })}
        </Text>
        <Button variant="default" onClick={list.ask}>
          {t('app.tryAgain')}
        </Button>
      </State>
    )
  }
  if (list.rows.length === 0)
    return (
      <State icon={<IconUsers size={32} stroke={1.4} aria-hidden />} title={t('patients.none.title')}>
        <Text c="dimmed">{t('patients.none.text')}</Text>
      </State>
    )
  if (found.length === 0)
    return (
      <State
        icon={<IconSearch size={32} stroke={1.4} aria-hidden />}
        title={t('patients.noMatch.title', { query: props.query.trim() })}
      >
        <Text c="dimmed">{t('patients.noMatch.text')}</Text>
      </State>
    )
  return props.children
}

function PatientTable(props: {
  rows: readonly PatientRow[]
  similar: ReadonlySet<string>
  bodyRef: React.RefObject<HTMLTableSectionElement | null>
  searchRef: React.RefObject<HTMLInputElement | null>
  /** The first row is what Enter opens. */
  marked: boolean
}) {
  const { t } = useTranslation()
  const narrow = useViewportSize().width < 700
  const today = localDateTime(Date.now())

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    const links = rowLinks(props.bodyRef.current)
    const at = links.indexOf(document.activeElement as HTMLAnchorElement)
    if (at < 0) return
    event.preventDefault()
    const next = event.key === 'ArrowDown' ? links[at + 1] : links[at - 1]
    if (next) next.focus()
    else if (event.key === 'ArrowUp') props.searchRef.current?.focus()
  }

  return (
    <table className={classes.table} data-narrow={narrow || undefined}>
      <thead>
        <tr>
          <th scope="col">{t('patients.columns.name')}</th>
          <th scope="col">{t('patients.columns.born')}</th>
          <th scope="col">{t('patients.columns.gender')}</th>
          <th scope="col">{t('patients.columns.identifier')}</th>
          <th scope="col">{t('patients.columns.home')}</th>
        </tr>
      </thead>
      <tbody ref={props.bodyRef} onKeyDown={onKeyDown}>
        {props.rows.map((row, at) => (
          <tr
            key={row.id}
            data-first={(props.marked && at === 0) || undefined}
            data-deceased={!!row.deceased || undefined}
          >
            <td>
              <Link to="/patients/$patientId" params={{ patientId: row.id }} className={classes.open}>
                {row.name || t('app.unknown')}
              </Link>
              {row.deceased && <span className={classes.deceased}>{t('patients.deceased')}</span>}
              {props.similar.has(row.id) && (
                <span className={classes.similar}>
                  <IconUsers size={14} aria-hidden /> {t('patients.similar')}
                </span>
              )}
              {props.marked && at === 0 && (
                <span className={classes.enter} title={t('patients.enterOpens')}>
                  <IconCornerDownLeft size={14} aria-hidden />
                </span>
              )}
            </td>
            <td>
              {row.born ? formatDate(row.born) : t('app.notRecorded')}
              {row.born && !row.deceased && ageAt(row.born, today) && (
                <span className={classes.quiet}> ({ageAt(row.born, today)})</span>
              )}
            </td>
            <td>{row.gender ? t(`gender.${genderOf(row.gender)}`) : t('app.notRecorded')}</td>
            <td>{row.identifier ?? t('app.notRecorded')}</td>
            <td>{regionTitle(row.home)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Outdated({ list }: { list: Worklist }) {
  const { t } = useTranslation()
  const region = regionTitle(useWork().who.region)
  if (!list.problem || list.at === undefined) return null
  return (
    <p className={classes.outdated}>
      <IconClock size={16} aria-hidden />
      {t('patients.outdated', { region, time: formatTime(localDateTime(list.at)) ?? '' })}
    </p>
  )
}

function Loading() {
  const { t } = useTranslation()
  return (
    <Slow>
      <div role="status" aria-label={t('app.loading')}>
        {Array.from({ length: 8 }, (_, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: eight equal bars
          <Skeleton key={at} height={34} mt={6} />
        ))}
      </div>
    </Slow>
  )
}

function State({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <div className={classes.state}>
      {icon}
      <Title order={2} fz="lg">
        {title}
      </Title>
      {children}
    </div>
  )
}

function rowLinks(body: HTMLTableSectionElement | null): HTMLAnchorElement[] {
  return [...(body?.querySelectorAll<HTMLAnchorElement>('a') ?? [])]
}
