import { Button, Checkbox, Group, Radio, SegmentedControl, Text, TextInput } from '@mantine/core'
import { IconFileText, IconSearch } from '@tabler/icons-react'
import { useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDate } from '../../domain/display/dates.ts'
import { deviceZone } from '../chart/zoned-time.ts'
import { createPatientSearch } from '../patients/search.ts'
import type { PatientRow } from '../patients/worklist.ts'
import { regionTitle } from '../session/regions.ts'
import classes from './downtime.module.css'
import { inOrder, type Order, orders } from './order.ts'
import type { Paper } from './sheet-page.tsx'

const papers: readonly Paper[] = ['A4', 'Letter']
const remembered = 'meridian.paper'

/** Whom to print, in which order, on which paper. All of the list unless somebody chooses. */
export function Choose(props: {
  rows: readonly PatientRow[]
  listOf: string
  onMake: (rows: readonly PatientRow[], paper: Paper) => void
}) {
  const { t } = useTranslation()
  const { rows } = props
  const [all, setAll] = useState(true)
  const [ticked, setTicked] = useState<ReadonlySet<string>>(() => new Set())
  const [order, setOrder] = useState<Order>('list')
  const [paper, setPaper] = useState<Paper>(paperHere)
  const chosen = inOrder(rows, all ? new Set(rows.map(({ id }) => id)) : ticked, order)
  const labels = { who: useId(), order: useId(), paper: useId() }
  const choosePaper = (to: Paper) => {
    setPaper(to)
    localStorage.setItem(remembered, to)
  }
  return (
    <div className={classes.choose}>
      <Radio.Group
        label={t('downtime.who')}
        value={all ? 'all' : 'some'}
        onChange={(value) => setAll(value === 'all')}
      >
        <Group gap="lg" mt={6}>
          <Radio value="all" label={t('downtime.all', { count: rows.length })} />
          <Radio value="some" label={t('downtime.some')} />
        </Group>
      </Radio.Group>
      {!all && <Ticks rows={rows} ticked={ticked} onChange={setTicked} />}
      <div className={classes.options}>
        <div>
          <Text id={labels.order} fz="sm" fw={500} mb={4}>
            {t('downtime.order')}
          </Text>
          <SegmentedControl
            aria-labelledby={labels.order}
            value={order}
            onChange={setOrder}
            data={orders.map((value) => ({ value, label: t(`downtime.orders.${value}`) }))}
          />
        </div>
        <div>
          <Text id={labels.paper} fz="sm" fw={500} mb={4}>
            {t('downtime.paper')}
          </Text>
          <SegmentedControl
            aria-labelledby={labels.paper}
            value={paper}
            onChange={choosePaper}
            data={papers.map((value) => ({ value, label: t(`downtime.papers.${value}`) }))}
          />
        </div>
      </div>
      <Group>
        <Button
          size="md"
          leftSection={<IconFileText size={18} aria-hidden />}
          disabled={chosen.length === 0}
          onClick={() => props.onMake(chosen, paper)}
        >
          {chosen.length === 0 ? t('downtime.makeNone') : t('downtime.make', { count: chosen.length })}
        </Button>
        <Text fz="sm" c="dimmed">
          {props.listOf}
        </Text>
      </Group>
    </div>
  )
}

function Ticks(props: {
  rows: readonly PatientRow[]
  ticked: ReadonlySet<string>
  onChange: (ticked: ReadonlySet<string>) => void
}) {
  const { t } = useTranslation()
  const { rows, ticked, onChange } = props
  const [query, setQuery] = useState('')
  const search = useMemo(() => createPatientSearch(rows, new Date().getFullYear()), [rows])
  const shown = useMemo(() => (query.trim() === '' ? rows : search(query)), [search, rows, query])
  const set = (ids: readonly string[], on: boolean) => {
    const next = new Set(ticked)
    for (const id of ids)
      if (on) next.add(id)
      else next.delete(id)
    onChange(next)
  }
  const shownIds = shown.map(({ id }) => id)
  const allShown = shown.length > 0 && shownIds.every((id) => ticked.has(id))
  return (
    <div>
      <TextInput
        label={t('downtime.filter')}
        placeholder={t('downtime.filterHint')}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
        leftSection={<IconSearch size={16} aria-hidden />}
        autoComplete="off"
        spellCheck={false}
        maw={420}
      />
      <Group my={8}>
        <Button
          size="compact-sm"
          variant="default"
          disabled={shown.length === 0}
          onClick={() => set(shownIds, !allShown)}
        >
          {t(allShown ? 'downtime.untickShown' : 'downtime.tickShown')}
        </Button>
        <Text fz="sm" c="dimmed" role="status">
          {t('downtime.ticked', { count: ticked.size, total: rows.length })}
        </Text>
      </Group>
      {shown.length === 0 && <Text>{t('downtime.noMatch')}</Text>}
      <ul className={classes.ticks}>
        {shown.map(({ id, name, born, identifier, home }) => (
          <li key={id}>
            <Checkbox
              checked={ticked.has(id)}
              onChange={(event) => set([id], event.currentTarget.checked)}
              label={
                <>
                  <strong>{name || t('app.unknown')}</strong>
                  <span className={classes.quiet}>
                    {[
                      born ? formatDate(born) : t('app.notRecorded'),
                      identifier ?? t('app.notRecorded'),
                      regionTitle(home),
                    ].join(' · ')}
                  </span>
                </>
              }
            />
          </li>
        ))}
      </ul>
    </div>
  )
}

/** What was chosen on this device last, else what is in use where it stands: languages say little, every second laptop has en-US. */
function paperHere(): Paper {
  const last = papers.find((paper) => paper === localStorage.getItem(remembered))
  return last ?? (/^(America|US|Canada)\//.test(deviceZone()) ? 'Letter' : 'A4')
}
