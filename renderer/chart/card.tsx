import { ActionIcon, Text, Tooltip, UnstyledButton } from '@mantine/core'
import { IconChevronRight, IconPlus } from '@tabler/icons-react'
import { type ReactNode, useId, useState } from 'react'
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

/** What is behind a line until somebody asks for it. */
export function Folded({ label, children }: { label: string; children: ReactNode }) {
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

/** One thing in a list: struck through if it does not hold, dashed while no region has it. */
export function Row(props: {
  struck?: boolean
  onItsWay?: boolean
  tone?: 'critical' | undefined
  children: ReactNode
}) {
  return (
    <li
      className={classes.row}
      data-struck={props.struck || undefined}
      data-on-its-way={props.onItsWay || undefined}
      data-tone={props.tone}
    >
      {props.children}
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
