import { ActionIcon, Text, Tooltip, UnstyledButton } from '@mantine/core'
import { IconChevronRight, IconPencil, IconPlus } from '@tabler/icons-react'
import { type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './card.module.css'

/** One part of the chart: a heading, what can be added, and its content. */
export function Card(props: {
  title: string
  count?: number
  add?: { label: string; onAdd: () => void } | undefined
  aside?: ReactNode
  children: ReactNode
}) {
  const id = useId()
  return (
    <section className={classes.card} aria-labelledby={id}>
      <header className={classes.head}>
        <h2 id={id}>{props.title}</h2>
        {props.count !== undefined && props.count > 0 && <span className={classes.count}>{props.count}</span>}
        <div className={classes.aside}>{props.aside}</div>
        {props.add && (
          <Tooltip label={props.add.label}>
            <ActionIcon size={28} aria-label={props.add.label} onClick={props.add.onAdd}>
              <IconPlus size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
      </header>
      {props.children}
    </section>
  )
}

/** What is behind a line until somebody asks for it; `aside` stands beside that line while it is folded. */
export function Folded({
  label,
  aside,
  children,
}: {
  label: string
  aside?: ReactNode
  children: ReactNode
}) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <div className={classes.folded}>
      <UnstyledButton
        className={classes.fold}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <IconChevronRight size={16} aria-hidden data-open={open || undefined} />
        {label}
      </UnstyledButton>
      {!open && aside && <div className={classes.foldAside}>{aside}</div>}
      <div id={id} hidden={!open}>
        {open && children}
      </div>
    </div>
  )
}

/** Said where there is nothing, and why that is so. */
export function Nothing({ title, children, tone }: { title: string; children?: ReactNode; tone?: 'warn' }) {
  return (
    <div className={classes.nothing} data-tone={tone}>
      <Text fw={tone ? 600 : 400} fz="md">
        {title}
      </Text>
      {children && <Text fz="sm">{children}</Text>}
    </div>
  )
}

/**
 * One thing in a list: struck through if it does not hold, dashed while no region has it. What changes it comes into
 * sight under the pointer or the focus.
 */
export function Row(props: {
  struck?: boolean
  onItsWay?: boolean
  tone?: 'critical' | undefined
  change?: { label: string; onChange: () => void } | undefined
  children: ReactNode
}) {
  const { t } = useTranslation()
  return (
    <li
      className={classes.row}
      data-struck={props.struck || undefined}
      data-on-its-way={props.onItsWay || undefined}
      data-tone={props.tone}
    >
      {props.children}
      {props.change && (
        <button
          type="button"
          className={classes.change}
          aria-label={props.change.label}
          onClick={props.change.onChange}
        >
          <IconPencil size={14} aria-hidden />
          {t('panel.change')}
        </button>
      )}
    </li>
  )
}

export function Rows({ children, label }: { children: ReactNode; label?: string }) {
  return (
    <ul className={classes.rows} aria-label={label}>
      {children}
    </ul>
  )
}

/** A small word with a ground: a status, a modifier. Always words, the colour only helps. */
export function Tag({
  tone,
  children,
}: {
  tone: 'critical' | 'solid' | 'warn' | 'quiet'
  children: ReactNode
}) {
  return (
    <span className={classes.tag} data-tone={tone}>
      {children}
    </span>
  )
}
