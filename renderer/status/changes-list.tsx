import { Button, Text } from '@mantine/core'
import { IconAlertTriangle, IconArrowUp, IconCheck } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { clockBeside } from '../chart/use-when.tsx'
import { useLadder, useWork } from '../session/use-work.tsx'
import { useOnScreen } from '../shell/on-screen.ts'
import type { Change } from '../sync/ladder.ts'
import classes from './changes-list.module.css'
import { useRefusalWords } from './refusal-words.ts'
import { savedWords } from './rung.tsx'

/** Changes of this window, the latest first, with the rung that they have reached; at most so many. */
export function ChangesList({ only, most }: { only?: (change: Change) => boolean; most?: number }) {
  const { t } = useTranslation()
  const { changes } = useWork()
  const words = useRefusalWords()
  const { timeZone } = useOnScreen()
  const list = [...useLadder().values()]
    .filter(only ?? (() => true))
    .reverse()
    .slice(0, most)
  if (list.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {t('strip.changesEmpty')}
      </Text>
    )
  return (
    <ul className={classes.list} aria-label={t('strip.changes')}>
      {list.map((change) => (
        <li key={change.id} data-rung={change.rung.at}>
          <RungIcon change={change} />
          <div className={classes.words}>
            <div>
              {change.about}
              <span className={classes.time}>
                {' '}
                {clockBeside(Date.parse(change.entry.recordedAt), timeZone)}
              </span>
            </div>
            <div className={classes.rung}>
              {change.rung.at === 'device' && t('ladder.deviceLong')}
              {change.rung.at === 'saved' && savedWords(t, change.rung)}
              {change.rung.at === 'refused' && t('ladder.refusedLong', words(change.rung))}
            </div>
          </div>
          {change.rung.at === 'refused' && (
            <Button
              size="compact-sm"
              variant="default"
              className={classes.actions}
              aria-label={t('ladder.retryNamed', { about: change.about })}
              onClick={() => changes.retry(change.id)}
            >
              {t('ladder.retry')}
            </Button>
          )}
        </li>
      ))}
    </ul>
  )
}

function RungIcon({ change }: { change: Change }) {
  if (change.rung.at === 'saved') return <IconCheck size={16} aria-hidden color="var(--good)" />
  if (change.rung.at === 'device') return <IconArrowUp size={16} aria-hidden color="var(--warn)" />
  return <IconAlertTriangle size={16} aria-hidden color="var(--critical)" />
}
