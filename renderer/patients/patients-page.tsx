import { Text, TextInput, Title, UnstyledButton } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconSearch, IconX } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import {
  type KeyboardEvent,
  useCallback,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useTranslation } from 'react-i18next'
import { useWork } from '../session/use-work.tsx'
import { useCommand } from '../shell/use-commands.tsx'
import { createCopyAges } from './copy-age.ts'
import { CopyAgesContext } from './copy-cell.tsx'
import { ListOrWhyNot, Outdated } from './list-states.tsx'
import { PatientTable } from './patient-table.tsx'
import classes from './patients-page.module.css'
import { createPatientSearch } from './search.ts'
import { similarNames } from './similar.ts'
import { useWorklist } from './use-worklist.ts'

/** The clinician's patients, with one search field that has the focus. */
export function PatientsPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const list = useWorklist()
  const { catchUp, regions } = useWork()
  const [query, setQuery] = useState('')
  const searched = useDeferredValue(query)
  const field = useRef<HTMLInputElement>(null)
  const toFirst = useRef(() => {})
  const toField = useCallback(() => field.current?.focus(), [])
  useDocumentTitle(t('app.title', { page: t('patients.title') }))
  useCommand('search', () => {
    field.current?.focus()
    field.current?.select()
  })

  const search = useMemo(
    () => list.rows && createPatientSearch(list.rows, new Date().getFullYear()),
    [list.rows],
  )
  const ages = useMemo(
    () => createCopyAges({ catchUp, reach: regions.reach, now: Date.now, every }),
    [catchUp, regions],
  )
  const similar = useMemo(() => similarNames(list.rows ?? []), [list.rows])
  const found = useMemo(() => search?.(searched), [search, searched])

  // Who was far down sees the beginning of what is found.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever is searched for now
  useLayoutEffect(() => {
    field.current?.closest('main')?.scrollTo(0, 0)
  }, [searched])

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
      toFirst.current()
    } else if (event.key === 'Escape' && query !== '') setQuery('')
  }

  return (
    <div className={classes.page}>
      <div className={classes.top}>
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
      </div>
      <Outdated list={list} />
      <ListOrWhyNot list={list} query={searched} found={found}>
        <CopyAgesContext value={ages}>
          <PatientTable
            rows={found ?? []}
            similar={similar}
            enterRef={toFirst}
            onLeave={toField}
            marked={searched.trim() !== ''}
          />
        </CopyAgesContext>
      </ListOrWhyNot>
    </div>
  )
}

function every(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms)
  return () => clearInterval(timer)
}
