import { Button, Skeleton, Text, Title } from '@mantine/core'
import { IconAlertTriangle, IconClock, IconSearch, IconUsers } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { regionTitle } from '../session/regions.ts'
import { useWork } from '../session/use-work.tsx'
import { Slow } from '../shell/slow.tsx'
import { momentHere } from './copy-cell.tsx'
import classes from './patients-page.module.css'
import type { Worklist } from './use-worklist.ts'
import type { PatientRow } from './worklist.ts'

/** The list, or what stands in its place and why: it is loading, it failed, it is empty, nobody was found. */
export function ListOrWhyNot(props: {
  list: Worklist & { ask: () => void }
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

/** The list is the kept one, because the region does not hand over a newer one. */
export function Outdated({ list }: { list: Worklist }) {
  const { t } = useTranslation()
  const region = regionTitle(useWork().who.region)
  if (!list.problem || !list.rows || list.at === undefined) return null
  return (
    <p className={classes.outdated} role="status">
      <IconClock size={16} aria-hidden />
      {t(`patients.outdated.${list.problem.problem}`, { region, when: momentHere(list.at) })}
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
