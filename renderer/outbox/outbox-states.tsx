import { Button, Skeleton, Text, Title } from '@mantine/core'
import { IconAlertTriangle, IconInfoCircle, IconSend } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useWork } from '../session/use-work.tsx'
import { Slow } from '../shell/slow.tsx'
import classes from './outbox.module.css'
import { useUnsent } from './use-unsent.tsx'

/** What holds for all of it: an outbox that cannot be read, a browser that promises nothing. */
export function States() {
  const { t } = useTranslation()
  const { persisted } = useWork()
  const { state, reread } = useUnsent()
  return (
    <>
      {state === 'failed' && (
        <Line tone="critical" role="alert">
          <strong>{t('outbox.failed.title')}</strong> {t('outbox.failed.text')}{' '}
          <Button size="compact-sm" variant="default" onClick={() => void reread()}>
            {t('app.tryAgain')}
          </Button>
        </Line>
      )}
      {!persisted && <Line tone="quiet">{t('strip.notPersisted')}</Line>}
    </>
  )
}

/** In place of the groups while there are none. */
export function Nothing() {
  const { t } = useTranslation()
  const { state, changes } = useUnsent()
  if (changes.length > 0) return null
  if (state === 'reading')
    return (
      <Slow>
        <div role="status" aria-label={t('outbox.loading')}>
          {Array.from({ length: 4 }, (_, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: four equal bars
            <Skeleton key={at} height={56} mt={8} />
          ))}
        </div>
      </Slow>
    )
  if (state === 'failed') return null
  return (
    <div className={classes.empty}>
      <IconSend size={32} stroke={1.4} aria-hidden />
      <Title order={2} fz="lg">
        {t('outbox.empty.title')}
      </Title>
      <Text c="dimmed">{t('outbox.empty.text')}</Text>
    </div>
  )
}

export function Line(props: { tone: 'critical' | 'warn' | 'quiet'; role?: 'alert'; children: ReactNode }) {
  const Icon = props.tone === 'quiet' ? IconInfoCircle : IconAlertTriangle
  return (
    <div className={classes.line} data-tone={props.tone} role={props.role}>
      <Icon size={16} aria-hidden />
      <div>{props.children}</div>
    </div>
  )
}
