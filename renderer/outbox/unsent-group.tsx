import { Button, Checkbox } from '@mantine/core'
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StoredChange } from '../replica/stored-change.ts'
import classes from './outbox.module.css'
import type { PatientsById } from './patient-line.ts'
import { type RowActions, UnsentRow } from './unsent-row.tsx'

/** So many are drawn at first, and with each wish for more: hundreds take a moment. */
const drawnAtOnce = 100

/** Changes under one heading. The arrow keys go from one to the next. */
export function UnsentGroup(
  props: {
    heading: string
    hint?: string
    tone?: 'critical'
    action?: ReactNode
    changes: readonly StoredChange[]
    patients: PatientsById
    selected: ReadonlySet<string>
    onSelectAll: (changes: readonly StoredChange[], selected: boolean) => void
  } & RowActions,
) {
  const { t } = useTranslation()
  const id = useId()
  const [drawn, setDrawn] = useState(drawnAtOnce)
  const { heading, changes, selected, onSelectAll, patients } = props
  if (changes.length === 0) return null
  const count = changes.filter((change) => selected.has(change.id)).length
  const hidden = changes.length - drawn

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const boxes = [...event.currentTarget.querySelectorAll<HTMLInputElement>('li input[type=checkbox]')]
    const at = boxes.findIndex((box) => box.closest('li')?.contains(document.activeElement))
    if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) onSelectAll(changes, true)
    else if (event.key === 'ArrowDown') (boxes[at + 1] ?? boxes[at])?.focus()
    else if (event.key === 'ArrowUp') (boxes[at - 1] ?? boxes[at])?.focus()
    else return
    event.preventDefault()
  }

  return (
    <section className={classes.group} data-tone={props.tone} aria-labelledby={id} onKeyDown={onKeyDown}>
      <div className={classes.groupHead}>
        <Checkbox
          aria-label={t('outbox.selectAll', { group: heading })}
          checked={count === changes.length}
          indeterminate={count > 0 && count < changes.length}
          onChange={() => onSelectAll(changes, count < changes.length)}
        />
        <h2 id={id}>{heading}</h2>
        <span className={classes.count}>{changes.length}</span>
        {props.hint && <span className={classes.quiet}>{props.hint}</span>}
        <div className={classes.aside}>{props.action}</div>
      </div>
      <ul className={classes.rows}>
        {changes.slice(0, drawn).map((change) => (
          <UnsentRow
            key={change.id}
            change={change}
            patients={patients}
            selected={selected.has(change.id)}
            onSelect={props.onSelect}
            onRetry={props.onRetry}
            onPutAside={props.onPutAside}
            onExport={props.onExport}
          />
        ))}
      </ul>
      {hidden > 0 && (
        <Button
          variant="subtle"
          fullWidth
          className={classes.more}
          onClick={() => setDrawn((before) => before + drawnAtOnce)}
        >
          {t('outbox.more', { count: Math.min(hidden, drawnAtOnce) })}
        </Button>
      )}
    </section>
  )
}
