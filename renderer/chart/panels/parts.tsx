import { Button, Checkbox, Chip, Group, Input, SegmentedControl, Textarea } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { type FocusEvent, type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import classes from '../side-panel.module.css'

/** What the forms of the panels are put together from. */

/** One of a few, or not recorded. */
export function Choice<T extends string>(props: {
  label: string
  description?: string
  value: T | undefined
  options: readonly { value: T; label: string }[]
  onChange: (value: T | undefined) => void
  error?: string | undefined
}) {
  const { t } = useTranslation()
  return (
    <Input.Wrapper label={props.label} description={props.description} error={props.error} labelElement="div">
      <SegmentedControl
        fullWidth
        mt={props.description ? 6 : 0}
        aria-label={props.label}
        data={[{ value: '', label: t('panel.notSaid') }, ...props.options]}
        value={props.value ?? ''}
        onChange={(value) => props.onChange(props.options.find((option) => option.value === value)?.value)}
      />
    </Input.Wrapper>
  )
}

/** One of several that would not stand in one row. */
export function Choices(props: {
  label: string
  value: string
  options: readonly { value: string; label: string }[]
  onChange: (value: string) => void
  autofocus?: boolean
}) {
  return (
    <Input.Wrapper label={props.label} labelElement="div">
      <Group gap={6} mt={4} role="radiogroup" aria-label={props.label}>
        <Chip.Group value={props.value} onChange={(value) => props.onChange(String(value))}>
          {props.options.map(({ value, label }) => (
            <Chip
              key={value}
              value={value}
              size="sm"
              radius="sm"
              variant="outline"
              {...(props.autofocus && value === props.value ? { 'data-autofocus': true } : {})}
            >
              {label}
            </Chip>
          ))}
        </Chip.Group>
      </Group>
    </Input.Wrapper>
  )
}

export function NoteField(props: {
  label: string
  value: string
  onChange: (note: string) => void
  minRows?: number
}) {
  return (
    <Textarea
      label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
      autosize
      minRows={props.minRows ?? 1}
      maxLength={2000}
    />
  )
}

/** The buttons that end a panel; without `save` there is nothing to be saved. */
export function Foot({ onCancel, save }: { onCancel: () => void; save?: string }) {
  const { t } = useTranslation()
  return (
    <Group justify="flex-end" gap="sm" className={classes.foot}>
      <Button variant="default" onClick={onCancel}>
        {t(save === undefined ? 'app.close' : 'app.cancel')}
      </Button>
      {save !== undefined && <Button type="submit">{save}</Button>}
    </Group>
  )
}

/** The yes to a question. */
export type Yes = { said: boolean; say: (yes: boolean) => void }

/** A yes holds for the lines that it was said to, not for those that stand there after more was typed. */
export function useYes(lines: readonly string[]): Yes {
  const asked = lines.join('\n')
  const [agreed, setAgreed] = useState<string | undefined>(undefined)
  return { said: agreed === asked, say: (yes) => setAgreed(yes ? asked : undefined) }
}

/** What is asked before a save, with the yes that it waits for. */
export function Question(props: {
  title: string
  lines: readonly string[]
  confirm: string
  yes: Yes
  tried: boolean
  /** Said where a save was tried without the yes. */
  missing: string
}) {
  return (
    <div className={classes.warning} role="alert">
      <strong>
        <IconAlertTriangle size={16} aria-hidden />
        {props.title}
      </strong>
      {props.lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <Checkbox
        mt={8}
        label={props.confirm}
        checked={props.yes.said}
        onChange={(event) => props.yes.say(event.currentTarget.checked)}
        error={props.tried && !props.yes.said && props.missing}
      />
    </div>
  )
}

/** What the chart says already, above the fields. */
export function Known({ title, children }: { title: string; children: ReactNode }) {
  const id = useId()
  return (
    <section className={classes.known} aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {children}
    </section>
  )
}

/** Which fields somebody has left: what is wrong in them is said then, and not while they still type. */
export function useLeft() {
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  return {
    left,
    of: (field: string) => ({
      onBlur: (_event: FocusEvent) => setLeft((before) => new Set([...before, field])),
      onFocus: (_event: FocusEvent) => setLeft((before) => new Set([...before].filter((f) => f !== field))),
    }),
  }
}
