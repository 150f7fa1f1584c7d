import { Checkbox, Stack, Text, Textarea } from '@mantine/core'
import { type FormEvent, type ReactNode, type RefObject, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { NotKept } from '../not-kept.tsx'
import type { PanelForm } from '../side-panel.tsx'
import type { KeepProblem } from '../use-keep.ts'
import { Meanwhile } from './meanwhile.tsx'
import { Foot, Known } from './parts.tsx'
import type { Parts } from './rebase.ts'
import type { ChangeForm } from './use-change.ts'

/** What stands around the fields of every form that changes something: what it is, what others did meanwhile, the buttons. */
export function ChangeFrame<D extends Parts>(
  props: PanelForm & {
    title: string
    /** What is changed, by its name, as the chart shows it now. */
    name: string
    now: readonly string[]
    form: ChangeForm<D>
    say: (part: string) => string
    tried: boolean
    element: RefObject<HTMLFormElement | null>
    onSave: (event: FormEvent) => void
    notKept: KeepProblem | undefined
    children: ReactNode
  },
) {
  const { t } = useTranslation()
  const { form, onDirty } = props
  const dirty = form.touched.length > 0
  useEffect(() => onDirty(dirty), [dirty, onDirty])
  return (
    <form ref={props.element} onSubmit={props.onSave} noValidate aria-label={props.title}>
      <Known title={t('panel.asItStands')}>
        <p>
          <strong>{props.name}</strong>
        </p>
        {props.now.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </Known>
      <Meanwhile form={form} say={props.say} tried={props.tried} />
      <Stack gap="md">
        {props.children}
        {props.tried && !dirty && form.news.length === 0 && (
          <Text c="var(--critical)" fz="sm" role="alert">
            {t('panel.nothingChanged')}
          </Text>
        )}
      </Stack>
      <NotKept problem={props.notKept} />
      <Foot onCancel={props.onCancel} save={t('panel.save')} />
    </form>
  )
}

export function ReasonField(props: {
  value: string
  onChange: (reason: string) => void
  label: string
  error: string | false | undefined
}) {
  return (
    <Textarea
      label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
      error={props.error}
      autosize
      minRows={1}
      maxLength={1000}
    />
  )
}

/** What it is cannot be changed: offered where an entry is marked as erroneous, to be entered anew after it. */
export function EnterAnew({ checked, onChange }: { checked: boolean; onChange: (anew: boolean) => void }) {
  const { t } = useTranslation()
  return (
    <Checkbox
      label={t('panel.anew')}
      description={t('panel.anewHint')}
      checked={checked}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  )
}
