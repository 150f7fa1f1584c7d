import { asText } from '../../domain/fhir/resource.ts'
import { type Item, itemsOf, type PatientRecord } from '../chart/record.ts'
import { resuscitationOf } from '../chart/resuscitation.ts'
import type { SheetContext } from './context.ts'
import { marksOf, versioned } from './dissent.ts'
import { type Block, type Line, lineOf } from './sheet.ts'

/** The resuscitation decision in the words of the banner. Of a copy that is not whole nobody can say that there is none. */
export function resuscitationPart(record: PatientRecord, context: SheetContext): Block[] {
  const { t, when } = context
  const consents = itemsOf(record, 'Consent').map(inForceIfAnySaysSo)
  const found = resuscitationOf(consents, context.now)
  const marks = [...new Set(consents.flatMap((item) => marksOf(versioned(item), context)))]
  const decided = (date: string | undefined) =>
    date ? t('resuscitation.decided', { when: when(date) }) : t('resuscitation.undated')
  const heading: Block = { kind: 'heading', title: t('downtime.resuscitation.title'), note: undefined }
  const missing: Block[] = record.complete
    ? []
    : [{ kind: 'remark', text: t('downtime.resuscitation.unavailable') }]
  switch (found.state) {
    case 'none':
      return [heading, ...(record.complete ? [line(t('resuscitation.none'), 'plain')] : missing)]
    case 'conflict':
      return [
        heading,
        line(t('resuscitation.conflict'), 'shout', marks),
        ...found.decisions.map((one) =>
          line(t(`resuscitation.${one.decision}`), 'alert', [], `, ${decided(one.decided)}`),
        ),
        ...missing,
      ]
    case 'one': {
      const expired = found.expired ? ` · ${t('resuscitation.expired', { when: when(found.expired) })}` : ''
      const tone = found.decision === 'attempt' ? 'plain' : 'shout'
      return [
        heading,
        line(t(`resuscitation.${found.decision}`), tone, marks, `, ${decided(found.decided)}${expired}`),
        ...missing,
      ]
    }
  }
}

/** Where one of several concurrent statements says that a decision is in force, it is shown. */
function inForceIfAnySaysSo(item: Item): Item {
  const active = versioned(item).versions.find((version) => asText(version['status']) === 'active')
  return active ? { ...item, resource: active } : item
}

function line(lead: string, tone: Line['tone'], tags: readonly string[] = [], rest = ''): Block {
  return { kind: 'line', ...lineOf(lead, { tone, tags, rest }) }
}
