import { useViewportSize } from '@mantine/hooks'
import { IconCornerDownLeft, IconUsers } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, memo, type RefObject, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { ageAt } from '../../domain/display/age.ts'
import { formatDate } from '../../domain/display/dates.ts'
import { genderOf } from '../chart/gender.ts'
import { localDateTime } from '../chart/zoned-time.ts'
import { regionTitle } from '../session/regions.ts'
import { CopyCell } from './copy-cell.tsx'
import classes from './patient-table.module.css'
import { useRowWindow } from './use-row-window.ts'
import type { PatientRow } from './worklist.ts'

const columns = ['name', 'born', 'gender', 'identifier', 'home', 'copy'] as const

/**
 * The patients that were found. Only the rows in sight and a few beside them are drawn; assistive technology is told of
 * how many there are and which these are. A row that has the focus stays, wherever one scrolls. A letter that has not been
 * searched for yet changes nothing here.
 */
export const PatientTable = memo(function PatientTable(props: {
  rows: readonly PatientRow[]
  similar: ReadonlySet<string>
  /** Takes the focus to the first row. */
  enterRef: RefObject<() => void>
  /** The focus goes up, beyond the first row. */
  onLeave: () => void
  /** The first row is what Enter opens. */
  marked: boolean
}) {
  const { rows, similar, marked } = props
  const { t } = useTranslation()
  const narrow = useViewportSize().width < 700
  const body = useRef<HTMLTableSectionElement>(null)
  const { items, after, focused, focusRow, measure } = useRowWindow({
    body,
    rows,
    estimate: narrow ? 92 : 41,
  })
  const today = localDateTime(Date.now()).slice(0, 10)
  props.enterRef.current = () => focusRow(0)

  const onKeyDown = (event: KeyboardEvent) => {
    const from = focused()
    if (from === undefined) return
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: rows.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    if (to < 0) props.onLeave()
    else focusRow(Math.min(to, rows.length - 1))
  }

  return (
    <table className={classes.table} data-narrow={narrow || undefined} aria-rowcount={rows.length + 1}>
      <thead>
        <tr aria-rowindex={1}>
          {columns.map((column) => (
            <th key={column} scope="col">
              {t(`patients.columns.${column}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body} onKeyDown={onKeyDown}>
        {/* One flat list: a row keeps its element, and with it the focus, while others come and go before it. */}
        {items.flatMap(({ row, index, before }) => [
          before > 0 && <Gap key={`before ${row.id}`} height={before} />,
          <PatientLine
            key={row.id}
            row={row}
            index={index}
            first={marked && index === 0}
            similar={similar.has(row.id)}
            today={today}
            measure={measure}
          />,
        ])}
        {after > 0 && <Gap height={after} />}
      </tbody>
    </table>
  )
})

/** The place of rows that are not drawn. */
function Gap({ height }: { height: number }) {
  return (
    <tr aria-hidden className={classes.gap}>
      <td colSpan={columns.length} style={{ height, padding: 0, border: 0 }} />
    </tr>
  )
}

const PatientLine = memo(function PatientLine(props: {
  row: PatientRow
  index: number
  first: boolean
  similar: boolean
  today: string
  measure: (element: HTMLTableRowElement | null) => void
}) {
  const { t } = useTranslation()
  const { row, index, first } = props
  const age = row.born && !row.deceased && ageAt(row.born, props.today)
  return (
    <tr
      ref={props.measure}
      data-index={index}
      aria-rowindex={index + 2}
      data-first={first || undefined}
      data-deceased={!!row.deceased || undefined}
    >
      <td>
        <Link to="/patients/$patientId" params={{ patientId: row.id }} className={classes.open}>
          {row.name || t('app.unknown')}
        </Link>
        {row.deceased && <span className={classes.deceased}>{t('patients.deceased')}</span>}
        {props.similar && (
          <span className={classes.similar}>
            <IconUsers size={14} aria-hidden /> {t('patients.similar')}
          </span>
        )}
        {first && (
          <span className={classes.enter} title={t('patients.enterOpens')}>
            <IconCornerDownLeft size={14} aria-hidden />
          </span>
        )}
      </td>
      <td>
        {row.born ? formatDate(row.born) : t('app.notRecorded')}
        {age && <span className={classes.quiet}> ({age})</span>}
      </td>
      <td>{row.gender ? t(`gender.${genderOf(row.gender)}`) : t('app.notRecorded')}</td>
      <td>{row.identifier ?? t('app.notRecorded')}</td>
      <td>{regionTitle(row.home)}</td>
      <td>
        <CopyCell patientId={row.id} />
      </td>
    </tr>
  )
})
