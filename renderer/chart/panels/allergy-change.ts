import { conceptText } from '../../../domain/display/concept.ts'
import type { Json, JsonObject } from '../../../domain/entries/canonical.ts'
import type { SubjectState } from '../../../domain/entries/heads.ts'
import { orderAspect } from '../../../domain/fhir/aspect-table.ts'
import { codeSystem } from '../../../domain/fhir/code-systems.ts'
import { resourceOf } from '../../../domain/fhir/present.ts'
import { asObjects, asText, codeIn } from '../../../domain/fhir/resource.ts'
import type { Author } from '../author.ts'
import { reactions as reactionTerms } from '../coded-terms.ts'
import { withNote } from '../note.ts'
import { type Aspects, shownGroup, shownItems } from './change.ts'
import { isTouched } from './rebase.ts'

/** One reaction as a form shows it. */
export type ReactionTyped = {
  /** Its aspect, `reaction/<id>`; nothing for one that is new. */
  aspect: string | undefined
  /** What happened; of one that is on the chart it is not typed over, but taken away and added anew. */
  said: string
  severity: string
  gone: boolean
}

/** A change of an allergy as typed, grouped by the aspects that it states. */
export type AllergyChange = {
  status: { clinical: string; verification: string; reason: string }
  criticality: { criticality: string }
  reaction: { list: readonly ReactionTyped[] }
  rest: { note: string }
}

export function readAllergy(state: SubjectState): AllergyChange {
  const resource = resourceOf(state)
  return {
    status: {
      clinical: codeIn(resource['clinicalStatus'], codeSystem.allergyClinical) ?? '',
      verification: codeIn(resource['verificationStatus'], codeSystem.allergyVerification) ?? '',
      reason: '',
    },
    criticality: { criticality: asText(resource['criticality']) ?? '' },
    reaction: {
      list: shownItems(state, 'reaction').map(({ aspect, item }) => ({
        aspect,
        said: asObjects(item['manifestation'])
          .flatMap((m) => conceptText(m) ?? [])
          .join(', '),
        severity: asText(item['severity']) ?? '',
        gone: false,
      })),
    },
    rest: { note: '' },
  }
}

/** Says why a change of an allergy cannot be saved. */
export function checkAllergyChange(
  draft: AllergyChange,
  base: AllergyChange,
): { reason?: 'missing'; reaction?: 'severity' } {
  const { status } = draft
  const voided = status.verification === 'refuted' || status.verification === 'entered-in-error'
  const over = status.clinical !== 'active' && status.clinical !== base.status.clinical
  const needsReason = (voided && status.verification !== base.status.verification) || over
  return {
    ...(needsReason && status.reason.trim() === '' ? { reason: 'missing' as const } : {}),
    ...(draft.reaction.list.some((r) => r.aspect === undefined && r.severity !== '' && r.said.trim() === '')
      ? { reaction: 'severity' as const }
      : {}),
  }
}

/** The aspects that a changed form states: only those that changed; of the reactions only those that are others. */
export function changedAllergy(
  draft: AllergyChange,
  base: AllergyChange,
  state: SubjectState,
  author: Pick<Author, 'user' | 'now' | 'newId'>,
): Aspects {
  const aspects: Aspects = {}
  const { clinical, verification } = draft.status
  if (clinical !== base.status.clinical || verification !== base.status.verification)
    aspects['status'] = {
      ...(clinical === '' || verification === 'entered-in-error'
        ? {}
        : { clinicalStatus: concept(codeSystem.allergyClinical, clinical) }),
      ...(verification === ''
        ? {}
        : { verificationStatus: concept(codeSystem.allergyVerification, verification) }),
    }
  if (isTouched(draft, base, 'criticality'))
    aspects['criticality'] =
      draft.criticality.criticality === '' ? null : { criticality: draft.criticality.criticality }
  if (isTouched(draft, base, 'reaction')) Object.assign(aspects, reactionAspects(draft, base, state, author))
  if (isTouched(draft, base, 'rest'))
    aspects['rest'] = withNote(shownGroup(state, 'rest'), draft.rest.note, author)
  return aspects
}

function reactionAspects(
  draft: AllergyChange,
  base: AllergyChange,
  state: SubjectState,
  author: Pick<Author, 'newId'>,
): Aspects {
  const aspects: Aspects = {}
  const items = new Map(shownItems(state, 'reaction').map(({ aspect, item }) => [aspect, item]))
  const order: string[] = []
  for (const reaction of draft.reaction.list) {
    const aspect = reaction.aspect ?? `reaction/${author.newId()}`
    const item = items.get(aspect)
    const before = base.reaction.list.find((one) => one.aspect === aspect)
    if (reaction.aspect === undefined) {
      if (reaction.gone || reaction.said.trim() === '') continue
      aspects[aspect] = newReaction(aspect, reaction)
    } else if (reaction.gone) {
      aspects[aspect] = null
      continue
    } else if (item && reaction.severity !== before?.severity)
      aspects[aspect] = withSeverity(item, aspect, reaction)
    order.push(idIn(aspect))
  }
  const had = shownGroup(state, orderAspect)['reaction']
  if (order.length > 1 && JSON.stringify(had) !== JSON.stringify(order))
    aspects[orderAspect] = { ...shownGroup(state, orderAspect), reaction: order }
  return aspects
}

function newReaction(aspect: string, { said, severity }: ReactionTyped): Json {
  const text = said.trim()
  const coded = reactionTerms.find(({ display }) => display.toLowerCase() === text.toLowerCase())
  return {
    id: idIn(aspect),
    manifestation: [
      coded
        ? {
            coding: [{ system: codeSystem.snomed, code: coded.code, display: coded.display }],
            text: coded.display,
          }
        : { text },
    ],
    ...(severity === '' ? {} : { severity }),
  }
}

/** With an id of its own from now on, which keeps the name of its aspect. */
function withSeverity(item: JsonObject, aspect: string, { severity }: ReactionTyped): Json {
  const { severity: _was, ...rest } = item
  return { ...rest, id: idIn(aspect), ...(severity === '' ? {} : { severity }) }
}

function idIn(aspect: string): string {
  return aspect.slice('reaction/'.length)
}

function concept(system: string, code: string) {
  return { coding: [{ system, code }] }
}
