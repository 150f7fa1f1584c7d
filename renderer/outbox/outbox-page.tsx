import { Button, Group, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconDownload, IconFileImport } from '@tabler/icons-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMinute } from '../chart/use-minute.ts'
import { useWorklist } from '../patients/use-worklist.ts'
import type { StoredChange } from '../replica/stored-change.ts'
import type { Written } from '../replica/written.ts'
import { useReach } from '../session/use-work.tsx'
import type { Reach } from '../sync/round-trip.ts'
import { DamagedRows } from './damaged-rows.tsx'
import { ExportFile } from './export-file.tsx'
import { ImportFile } from './import-file.tsx'
import classes from './outbox.module.css'
import { Line, Nothing, States } from './outbox-states.tsx'
import { PutAside } from './put-aside.tsx'
import { nothingSelected, select, selectAll } from './selection.ts'
import { SelectionBar } from './selection-bar.tsx'
import { isRefused } from './unsent.ts'
import { UnsentGroup } from './unsent-group.tsx'
import { useDroppedFile } from './use-dropped-file.ts'
import { useUnsent } from './use-unsent.tsx'

/** Everything of this person on this device that has not arrived everywhere, and what was not accepted. */
export function OutboxPage({ exporting, onExporting }: { exporting: boolean; onExporting: () => void }) {
  const { t } = useTranslation()
  const unsent = useUnsent()
  const { changes, retry } = unsent
  const { rows } = useWorklist()
  const patients = useMemo(() => new Map(rows?.map((row) => [row.id, row])), [rows])
  const [selection, setSelection] = useState(nothingSelected)
  const [toExport, setToExport] = useState<readonly StoredChange[]>()
  const [toPutAside, setToPutAside] = useState<readonly StoredChange[]>()
  const [importing, setImporting] = useState(false)
  const [file, setFile] = useState<File>()
  const [unwritten, setUnwritten] = useState<Exclude<Written['outcome'], 'written'>>()
  const reach = useReach()
  useDocumentTitle(t('app.title', { page: t('outbox.title') }))
  useMinute()

  const refused = useMemo(() => changes.filter(isRefused), [changes])
  const going = useMemo(() => changes.filter((change) => !isRefused(change)), [changes])
  const hint = hintOf(reach, going)
  // What has gone from the page is not chosen any more.
  const selected = changes.filter(({ id }) => selection.ids.has(id))
  const order = useRef<string[]>([])
  order.current = [...refused, ...going].map(({ id }) => id)

  const tell = useCallback(
    ({ outcome }: Written) => setUnwritten(outcome === 'written' ? undefined : outcome),
    [],
  )
  const onRetry = useCallback(
    (chosen: readonly StoredChange[]) => void retry(chosen).then(tell),
    [retry, tell],
  )
  const actions = {
    onSelect: useCallback((change: StoredChange, on: boolean, range: boolean) => {
      setSelection((before) => select(before, change.id, { selected: on, range, order: order.current }))
    }, []),
    onRetry: useCallback((change: StoredChange) => onRetry([change]), [onRetry]),
    onPutAside: useCallback((change: StoredChange) => setToPutAside([change]), []),
    onExport: useCallback((change: StoredChange) => setToExport([change]), []),
    onSelectAll: useCallback((of: readonly StoredChange[], on: boolean) => {
      setSelection((before) =>
        selectAll(
          before,
          of.map(({ id }) => id),
          on,
        ),
      )
    }, []),
  }

  // Asked for once: it does not come back with the next change.
  const asked = exporting && (changes.length > 0 || unsent.state !== 'reading')
  useEffect(() => {
    if (!asked) return
    if (changes.length > 0) setToExport(changes)
    onExporting()
  }, [asked, changes, onExporting])
  useDroppedFile(
    useCallback((dropped: File) => {
      setFile(dropped)
      setImporting(true)
    }, []),
  )

  const shared = { patients, selected: selection.ids, ...actions }
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <Title order={1} fz="lg">
          {t('outbox.title')}
        </Title>
        <Text fz="sm" c="dimmed" role="status">
          {changes.length > 0 && t('outbox.summary', { count: changes.length })}
        </Text>
        <Group gap="xs" ml="auto">
          {changes.length > 0 && (
            <Button
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
              onClick={() => setToExport(changes)}
            >
              {t('outbox.exportAll')}
            </Button>
          )}
          <Button
            variant="default"
            leftSection={<IconFileImport size={16} aria-hidden />}
            onClick={() => {
              setFile(undefined)
              setImporting(true)
            }}
          >
            {t('outbox.import')}
          </Button>
        </Group>
      </div>
      <States />
      <DamagedRows />
      {unwritten && (
        <Line tone="critical" role="alert">
          {t(unwritten === 'full' ? 'outbox.noRoom' : 'outbox.noWrite')}
        </Line>
      )}
      <Nothing />
      <UnsentGroup
        heading={t('outbox.notAccepted')}
        tone="critical"
        changes={refused}
        {...shared}
        action={
          <Button size="compact-sm" variant="default" onClick={() => onRetry(refused)}>
            {t('outbox.retryAll')}
          </Button>
        }
      />
      <UnsentGroup
        heading={t('outbox.onTheWay')}
        hint={t(`outbox.onTheWayHint.${hint}`)}
        changes={going}
        {...shared}
      />
      {changes.length > 0 && (
        <Text fz="xs" c="dimmed" mt="sm">
          {t('outbox.keys')}
        </Text>
      )}
      <SelectionBar
        selected={selected}
        onRetry={onRetry}
        onPutAside={setToPutAside}
        onExport={setToExport}
        onClear={() => setSelection(nothingSelected)}
      />
      <PutAside
        changes={toPutAside}
        patients={patients}
        onClose={() => setToPutAside(undefined)}
        onExport={() => setToExport(toPutAside)}
        onYes={() => {
          if (toPutAside) void unsent.putAside(toPutAside).then(tell)
          setToPutAside(undefined)
        }}
      />
      <ExportFile changes={toExport} onClose={() => setToExport(undefined)} />
      <ImportFile
        opened={importing}
        file={file}
        onFile={setFile}
        patients={patients}
        onClose={() => setImporting(false)}
      />
    </div>
  )
}

/** What stands in the way of those that are going. */
function hintOf(reach: Reach, going: readonly StoredChange[]): 'silent' | 'noWrites' | 'second' | 'goes' {
  if (going.every(({ rung }) => rung.at === 'saved')) return 'second'
  if (reach.state === 'silent') return 'silent'
  return reach.state === 'answers' && !reach.takesWrites ? 'noWrites' : 'goes'
}
