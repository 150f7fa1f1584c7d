import { Button, Progress, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconUsers } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDateTime } from '../../domain/display/dates.ts'
import { localDateTime } from '../chart/zoned-time.ts'
import { regionTitle } from '../session/regions.ts'
import { useReach, useWork } from '../session/use-work.tsx'
import { SlowProgress } from '../shell/slow.tsx'
import { span } from '../status/notices.tsx'
import { wrongClock } from '../sync/round-trip.ts'
import { Choose } from './choose.tsx'
import classes from './downtime.module.css'
import { packName } from './file-name.ts'
import { PackView } from './pack-view.tsx'
import { useKeptList } from './use-kept-list.ts'
import { usePack } from './use-pack.ts'

/** The downtime pack: one page for each patient, from this device alone, for the hour when even this device fails. */
export function DowntimePage() {
  const { t } = useTranslation()
  const { who } = useWork()
  const list = useKeptList()
  const clock = useClockWarning()
  const by = t('downtime.by', { name: who.user.name, organisation: who.user.organisation })
  const { state, host, make, stop, again } = usePack(by, clock)
  useDocumentTitle(
    state.state === 'ready' ? packName(state.readAt) : t('app.title', { page: t('downtime.title') }),
  )
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <Title order={1} fz="lg">
          {t('downtime.title')}
        </Title>
        {state.state === 'choosing' && <Text className={classes.lead}>{t('downtime.lead')}</Text>}
      </div>
      {list.state === 'looking' && <SlowProgress label={t('downtime.loading')} />}
      {list.state === 'none' && <NoList />}
      {list.state === 'here' && state.state !== 'ready' && (
        <div hidden={state.state === 'reading'}>
          <Choose
            rows={list.rows}
            listOf={t('downtime.listOf', { when: formatDateTime(localDateTime(list.at)) })}
            onMake={(rows, paper) => void make({ rows, paper, listedAt: list.at, list: list.rows })}
          />
        </div>
      )}
      {state.state === 'reading' && <Reading done={state.done} total={state.total} onStop={stop} />}
      {state.state === 'ready' && <PackView made={state} by={by} onAgain={again} />}
      <div ref={host} className={classes.measuring} aria-hidden inert />
    </div>
  )
}

function Reading({ done, total, onStop }: { done: number; total: number; onStop: () => void }) {
  const { t } = useTranslation()
  const label = t('downtime.reading', { done, total })
  const box = useRef<HTMLDivElement>(null)
  // Not on the button: the key that began it may still be held.
  useEffect(() => box.current?.focus(), [])
  return (
    <div ref={box} className={classes.reading} tabIndex={-1}>
      <Text role="status">{label}</Text>
      <Progress value={total === 0 ? 0 : (done / total) * 100} aria-label={label} size="lg" />
      <Button variant="default" onClick={onStop}>
        {t('downtime.stop')}
      </Button>
    </div>
  )
}

function NoList() {
  const { t } = useTranslation()
  return (
    <div className={classes.none}>
      <IconUsers size={32} stroke={1.4} aria-hidden />
      <Title order={2} fz="lg">
        {t('downtime.noList.title')}
      </Title>
      <Text c="dimmed">{t('downtime.noList.text')}</Text>
      <Button component={Link} to="/" variant="default">
        {t('chart.toPatients')}
      </Button>
    </div>
  )
}

/** What is told on paper of a clock that is known to be wrong. */
function useClockWarning(): string | undefined {
  const { t } = useTranslation()
  const { who } = useWork()
  const off = wrongClock(useReach())
  if (off === undefined) return undefined
  return t(off > 0 ? 'notice.clock.ahead' : 'notice.clock.behind', {
    region: regionTitle(who.region),
    by: span(t, Math.abs(off)),
  })
}
