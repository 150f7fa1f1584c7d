import { Button, Menu, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import {
  IconActivity,
  IconAlertTriangle,
  IconClockPause,
  IconPlus,
  IconUserQuestion,
  IconVaccineOff,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { useTranslation } from 'react-i18next'
import { ageAt } from '../../domain/display/age.ts'
import { dayIn, zoneName } from '../../domain/display/dates.ts'
import { patientName } from '../../domain/display/patient-name.ts'
import { asText } from '../../domain/fhir/resource.ts'
import { NotOnDevice } from '../patients/not-on-device.tsx'
import type { CallProblem } from '../session/http.ts'
import { regionTitle } from '../session/regions.ts'
import { useReach, useWork } from '../session/use-work.tsx'
import { useOnScreen, useTell } from '../shell/on-screen.ts'
import { useBannerSlot } from '../shell/slots.ts'
import { SlowProgress } from '../shell/slow.tsx'
import { useCommand } from '../shell/use-commands.tsx'
import { AddAllergy } from './add-allergy.tsx'
import { Allergies } from './allergies.tsx'
import { PatientBanner } from './banner.tsx'
import { CareTeam } from './care-team.tsx'
import classes from './chart-page.module.css'
import { History } from './history.tsx'
import { adultFrom, readingsOf } from './measures.ts'
import { Medications } from './medications.tsx'
import { Problems } from './problems.tsx'
import { itemsOf } from './record.ts'
import { RecordVitals } from './record-vitals.tsx'
import { Results } from './results.tsx'
import { resuscitationOf } from './resuscitation.ts'
import { type Chart, useChart } from './use-chart.ts'
import { useMinute } from './use-minute.ts'
import { ChartZone, useWhenShort } from './use-when.tsx'
import { Vitals } from './vitals.tsx'
import { zonedDateTime } from './zoned-time.ts'

/** One patient's chart. */
export default function ChartPage({ patientId }: { patientId: string }) {
  const { t } = useTranslation()
  const state = useChart(patientId)
  const reach = useReach()
  if (state.state === 'opening') return <SlowProgress label={t('chart.loading')} />
  if (state.state === 'closed') return <Closed problem={state.problem} />
  // An empty chart would be read as one without allergies.
  const { record } = state.chart
  if (reach.state === 'silent' && !record.complete && !record.patient)
    return <NotOnDevice patientId={patientId} />
  return (
    <ChartZone value={state.chart.timeZone}>
      <OpenChart chart={state.chart} />
    </ChartZone>
  )
}

type Panel = 'allergy' | 'vitals'

function OpenChart({ chart }: { chart: Chart }) {
  const { t } = useTranslation()
  const slot = useBannerSlot()
  const { typed } = useOnScreen()
  const [panel, setPanel] = useState<Panel | undefined>(undefined)
  // What is typed in one panel is not lost to another: that one waits until somebody says so.
  const [wanted, setWanted] = useState<Panel | undefined>(undefined)
  const open = (what: Panel) => (typed && panel !== what ? setWanted(what) : setPanel(what))
  const close = () => {
    setPanel(wanted)
    setWanted(undefined)
  }
  const leaving = { leaving: wanted !== undefined, onStay: () => setWanted(undefined) }
  useTell('timeZone', chart.timeZone)
  useMinute()
  const { record } = chart
  const { patient } = record
  const now = zonedDateTime(Date.now(), chart.timeZone)
  const today = dayIn(now, chart.timeZone)
  const born = asText(patient?.['birthDate'])
  const years = born && ageAt(born, today)
  const adult = years !== undefined && isAdult(years)
  const readings = useMemo(() => readingsOf(itemsOf(record, 'Observation')), [record])
  useDocumentTitle(t('app.title', { page: patient ? patientName(patient) : t('chart.title') }))

  const banner = (
    <PatientBanner
      patient={patient}
      allergies={itemsOf(record, 'AllergyIntolerance')}
      complete={record.complete}
      resuscitation={resuscitationOf(itemsOf(record, 'Consent'), now)}
      today={today}
    />
  )
  const deceased =
    patient?.['deceasedBoolean'] === true || asText(patient?.['deceasedDateTime']) !== undefined
  return (
    <div className={classes.page}>
      {slot && createPortal(<ChartZone value={chart.timeZone}>{banner}</ChartZone>, slot)}
      <Toolbar chart={chart} now={now} onAdd={open} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <Allergies record={record} onAdd={() => open('allergy')} />
          <Medications record={record} deceased={deceased} />
          <Problems record={record} />
          <CareTeam record={record} />
        </div>
        <div className={classes.column}>
          <Vitals chart={chart} adult={adult} onAdd={() => open('vitals')} />
          <Results chart={chart} />
          <History chart={chart} />
        </div>
      </div>
      <AddAllergy
        opened={panel === 'allergy'}
        patientId={chart.patientId}
        record={record}
        onClose={close}
        {...leaving}
      />
      <RecordVitals
        opened={panel === 'vitals'}
        patientId={chart.patientId}
        record={record}
        readings={readings}
        adult={adult}
        born={born}
        onClose={close}
        {...leaving}
      />
    </div>
  )
}

/** Where the patient is at home, whose clock is shown, and what can be added. */
function Toolbar({ chart, now, onAdd }: { chart: Chart; now: string; onAdd: (what: Panel) => void }) {
  const { t } = useTranslation()
  const whenShort = useWhenShort()
  const [opened, setOpened] = useState(false)
  const target = useRef<HTMLButtonElement>(null)
  // The panel gives the focus back to what had it: the button, not an entry of a menu that is gone.
  const add = (what: Panel) => {
    target.current?.focus()
    onAdd(what)
  }
  useCommand('new', () => {
    target.current?.focus()
    setOpened(true)
  })
  return (
    <div className={classes.toolbar}>
      <span className={classes.home}>
        {chart.home && t('chart.home', { region: regionTitle(chart.home) })}
        {' · '}
        {t('chart.times', { zone: zoneName(now, chart.timeZone) })}
      </span>
      {typeof chart.record.confirmedAt === 'number' && (
        <span className={classes.copy} role="status">
          <IconClockPause size={15} aria-hidden />
          {t('chart.copy', {
            when: whenShort(zonedDateTime(chart.record.confirmedAt, chart.timeZone), Date.now()),
          })}
        </span>
      )}
      <Menu opened={opened} onChange={setOpened} position="bottom-end" width={200} shadow="md">
        <Menu.Target>
          <Button ref={target} size="compact-md" leftSection={<IconPlus size={16} aria-hidden />}>
            {t('chart.add')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconVaccineOff size={16} aria-hidden />} onClick={() => add('allergy')}>
            {t('chart.addMenu.allergy')}
          </Menu.Item>
          <Menu.Item leftSection={<IconActivity size={16} aria-hidden />} onClick={() => add('vitals')}>
            {t('chart.addMenu.vitals')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  )
}

function Closed({ problem }: { problem: CallProblem }) {
  const { t } = useTranslation()
  const region = regionTitle(useWork().who.region)
  const status = problem.problem === 'refused' ? problem.status : undefined
  const [icon, title, text]: [ReactNode, string, string] =
    status === 404
      ? [
          <IconUserQuestion key="i" size={36} stroke={1.4} aria-hidden />,
          t('chart.missing.title', { region }),
          t('chart.missing.text'),
        ]
      : [
          <IconAlertTriangle key="i" size={36} stroke={1.4} aria-hidden />,
          status === 403 ? t('chart.forbidden.title') : t('chart.failed.title'),
          status === 403
            ? t('chart.forbidden.text', { region })
            : problem.problem === 'silent'
              ? t('chart.failed.text', { region })
              : t('chart.failed.odd', { region, code: status ?? t('signIn.odd.unreadable') }),
        ]
  return (
    <div className={classes.closed} role="alert">
      {icon}
      <Title order={1} fz="lg">
        {title}
      </Title>
      <p>{text}</p>
      <Button component={Link} to="/" variant="default">
        {t('chart.toPatients')}
      </Button>
    </div>
  )
}

/** From the text of an age: `41y` and `~41y` are adults, whose bands hold from {@link adultFrom}. */
function isAdult(age: string): boolean {
  const years = /^~?(\d+)y/.exec(age)?.[1]
  return years !== undefined && Number(years) >= adultFrom
}
