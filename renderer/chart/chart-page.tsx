import { Button, Menu, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import {
  IconActivity,
  IconAlertTriangle,
  IconClockPause,
  IconPill,
  IconPlus,
  IconStethoscope,
  IconUserQuestion,
  IconVaccineOff,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactNode, type RefObject, useMemo, useRef, useState } from 'react'
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
import { useTell } from '../shell/on-screen.ts'
import { useBannerSlot } from '../shell/slots.ts'
import { SlowProgress } from '../shell/slow.tsx'
import { useCommand } from '../shell/use-commands.tsx'
import { Allergies } from './allergies.tsx'
import { PatientBanner } from './banner.tsx'
import { CareTeam } from './care-team.tsx'
import classes from './chart-page.module.css'
import { History } from './history.tsx'
import { isAdult, readingsOf } from './measures.ts'
import { Medications } from './medications.tsx'
import { OpenPanel } from './panels/open-panel.tsx'
import { keyOf, type Panel } from './panels/panel.ts'
import { usePanel } from './panels/use-panel.ts'
import { Problems } from './problems.tsx'
import { itemsOf } from './record.ts'
import { Results } from './results.tsx'
import { resuscitationOf } from './resuscitation.ts'
import { type Chart, useChart } from './use-chart.ts'
import { useMinute } from './use-minute.ts'
import { ChartZone, useWhenShort } from './use-when.tsx'
import { Vitals } from './vitals.tsx'
import { zonedDateTime } from './zoned-time.ts'

/** One patient's chart. `edit`: id of a change that was not accepted, whose panel opens. */
export default function ChartPage({ patientId, edit }: { patientId: string; edit: string | undefined }) {
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
      <OpenChart chart={state.chart} edit={edit} />
    </ChartZone>
  )
}

function OpenChart({ chart, edit }: { chart: Chart; edit: string | undefined }) {
  const { t } = useTranslation()
  const slot = useBannerSlot()
  const toolbar = useRef<HTMLButtonElement>(null)
  const { panel, open, replace, close, leaving } = usePanel(chart, edit, toolbar)
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
      <Toolbar chart={chart} now={now} onAdd={open} target={toolbar} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <Allergies
            record={record}
            onAdd={() => open({ what: 'addAllergy' })}
            onChange={(subject) => open({ what: 'changeAllergy', subject })}
          />
          <Medications
            record={record}
            deceased={deceased}
            onAdd={() => open({ what: 'addMedication' })}
            onChange={(subject) => open({ what: 'changeMedication', subject })}
          />
          <Problems
            record={record}
            onAdd={() => open({ what: 'addProblem' })}
            onChange={(subject) => open({ what: 'changeProblem', subject })}
          />
          <CareTeam record={record} />
        </div>
        <div className={classes.column}>
          <Vitals
            chart={chart}
            adult={adult}
            onAdd={() => open({ what: 'vitals' })}
            onCorrect={(subjects) => open({ what: 'correctVitals', subjects })}
          />
          <Results chart={chart} />
          <History chart={chart} />
        </div>
      </div>
      {panel && (
        <OpenPanel
          key={keyOf(panel)}
          panel={panel}
          patientId={chart.patientId}
          record={record}
          readings={readings}
          today={today}
          adult={adult}
          born={born}
          onClose={close}
          onNext={replace}
          {...leaving}
        />
      )}
    </div>
  )
}

/** Where the patient is at home, whose clock is shown, and what can be added. */
function Toolbar(props: {
  chart: Chart
  now: string
  onAdd: (panel: Panel) => void
  target: RefObject<HTMLButtonElement | null>
}) {
  const { chart, now, target } = props
  const { t } = useTranslation()
  const whenShort = useWhenShort()
  const [opened, setOpened] = useState(false)
  // The panel gives the focus back to what had it: the button, not an entry of a menu that is gone.
  const add = (panel: Panel) => {
    target.current?.focus()
    props.onAdd(panel)
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
          <Menu.Item
            leftSection={<IconVaccineOff size={16} aria-hidden />}
            onClick={() => add({ what: 'addAllergy' })}
          >
            {t('chart.addMenu.allergy')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconPill size={16} aria-hidden />}
            onClick={() => add({ what: 'addMedication' })}
          >
            {t('chart.addMenu.medication')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconStethoscope size={16} aria-hidden />}
            onClick={() => add({ what: 'addProblem' })}
          >
            {t('chart.addMenu.problem')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconActivity size={16} aria-hidden />}
            onClick={() => add({ what: 'vitals' })}
          >
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
