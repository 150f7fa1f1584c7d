import { Button, Group, Modal, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconPrinter } from '@tabler/icons-react'
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react'
import { flushSync } from 'react-dom'
import { useTranslation } from 'react-i18next'
import { formatDateTime } from '../../domain/display/dates.ts'
import { localDateTime } from '../chart/zoned-time.ts'
import { desktopHere, type SaveAnswer } from './desktop.ts'
import classes from './downtime.module.css'
import { packName } from './file-name.ts'
import { Printed } from './printed.ts'
import { SheetPage } from './sheet-page.tsx'
import { useGrowing } from './use-growing.ts'
import type { PackState } from './use-pack.ts'

type Made = Extract<PackState, { state: 'ready' }>

/** The pages as they are printed, and what can be done with them. */
export function PackView({ made, by, onAgain }: { made: Made; by: string; onAgain: () => void }) {
  const { t } = useTranslation()
  const { pack, paper, readAt, clock } = made
  const total = pack.pages.length
  const laidOut = useGrowing(total)
  const [printedAt, setPrintedAt] = useState(readAt)
  const stamp = useCallback(() => flushSync(() => setPrintedAt(Date.now())), [])
  useEffect(() => {
    // Also what the browser's own menu prints.
    window.addEventListener('beforeprint', stamp)
    return () => window.removeEventListener('beforeprint', stamp)
  }, [stamp])
  const stopped = pack.patients < pack.asked
  const words = { patients: pack.patients, asked: pack.asked }
  const incomplete = stopped ? t('downtime.stopped.onPage', words) : undefined
  const printed = useMemo(() => ({ readAt, printedAt, by, clock }), [readAt, printedAt, by, clock])
  return (
    <>
      <div className={classes.bar}>
        <div className={classes.about}>
          <Text role="status" fw={600}>
            {laidOut < total
              ? t('downtime.preparing', { done: laidOut, total })
              : t('downtime.ready', { count: total, ...words })}
          </Text>
          <Text fz="sm" c="dimmed">
            {t('downtime.readAt', { when: formatDateTime(localDateTime(readAt)) })}
          </Text>
        </div>
        <Actions ready={laidOut === total} made={made} onStamp={stamp} onAgain={onAgain} />
      </div>
      {stopped && (
        <Notice tone="warn" title={t('downtime.stopped.title')}>
          {t('downtime.stopped.text', words)}
        </Notice>
      )}
      {pack.lacking.length > 0 && (
        <Notice tone="warn" title={t('downtime.lacking', { count: pack.lacking.length })}>
          {pack.lacking.map(({ name }) => name).join(' · ')}
        </Notice>
      )}
      <style>{`@page { size: ${paper === 'A4' ? 'A4' : 'letter'}; margin: 0 }`}</style>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className={classes.sheets} data-sheets tabIndex={0} aria-label={t('downtime.preview')}>
        <Printed value={printed}>
          {pack.pages.slice(0, laidOut).map((page, at) => (
            <SheetPage
              key={`${page.sheet.patientId} ${page.page}`}
              page={page}
              paper={paper}
              number={at + 1}
              total={total}
              incomplete={incomplete}
            />
          ))}
        </Printed>
      </section>
    </>
  )
}

function Actions(props: { ready: boolean; made: Made; onStamp: () => void; onAgain: () => void }) {
  const { t } = useTranslation()
  const desktop = useMemo(desktopHere, [])
  const [asking, setAsking] = useState(false)
  const [saving, setSaving] = useState(false)
  const [answer, setAnswer] = useState<SaveAnswer | undefined>(undefined)
  const save = async () => {
    if (!desktop || saving) return
    setAsking(false)
    setAnswer(undefined)
    setSaving(true)
    props.onStamp()
    setAnswer(await desktop.savePdf({ name: `${packName(props.made.readAt)}.pdf`, paper: props.made.paper }))
    setSaving(false)
  }
  return (
    <div className={classes.actions}>
      <Group gap="sm">
        <Button
          leftSection={<IconPrinter size={18} aria-hidden />}
          disabled={!props.ready}
          onClick={() => {
            props.onStamp()
            window.print()
          }}
          autoFocus
        >
          {t('downtime.print')}
        </Button>
        {desktop && (
          <Button variant="default" disabled={!props.ready || saving} onClick={() => setAsking(true)}>
            {t(saving ? 'downtime.saving' : 'downtime.save')}
          </Button>
        )}
        <Button variant="subtle" onClick={props.onAgain}>
          {t('downtime.again')}
        </Button>
      </Group>
      {!desktop && (
        <Text fz="sm" c="dimmed">
          {t('downtime.printHint')}
        </Text>
      )}
      <div aria-live="polite">{answer && <Answer answer={answer} />}</div>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('downtime.saveAsk.title')}
        closeButtonProps={{ 'aria-label': t('app.close') }}
        centered
      >
        <Text mb="md">{t('downtime.saveAsk.text')}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsking(false)}>
            {t('app.cancel')}
          </Button>
          <Button data-autofocus onClick={() => void save()}>
            {t('downtime.saveAsk.go')}
          </Button>
        </Group>
      </Modal>
    </div>
  )
}

function Answer({ answer }: { answer: SaveAnswer }) {
  const { t } = useTranslation()
  switch (answer.outcome) {
    case 'cancelled':
      return null
    case 'saved':
      return (
        <Notice tone="good" title={t('downtime.saved.title', { name: answer.name })}>
          {t('downtime.saved.text')}
        </Notice>
      )
    case 'failed':
      return (
        <Notice tone="critical" title={t('downtime.failed.title')}>
          {t(`downtime.failed.${answer.why}`, { code: answer.code })}
        </Notice>
      )
  }
}

function Notice(props: { tone: 'warn' | 'good' | 'critical'; title: string; children?: ReactNode }) {
  const Icon = props.tone === 'good' ? IconCircleCheck : IconAlertTriangle
  return (
    <div className={classes.notice} data-tone={props.tone}>
      <Icon size={18} aria-hidden />
      <div>
        <strong>{props.title}</strong> {props.children}
      </div>
    </div>
  )
}
