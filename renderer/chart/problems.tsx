import { useTranslation } from 'react-i18next'
import { conceptText } from '../../domain/display/concept.ts'
import { asObject, asObjects, asText } from '../../domain/fhir/resource.ts'
import { Rung } from '../status/rung.tsx'
import { Card, Folded, Nothing, Row, Rows, Tag } from './card.tsx'
import classes from './lists.module.css'
import { type Problem, readProblem } from './problem.ts'
import { ErrorLine, Provenance } from './provenance.tsx'
import { dateIn, type Item, itemsOf, latestFirst, type PatientRecord } from './record.ts'
import { useWhen } from './use-when.tsx'

/** Problems: the live ones first, by their begin; what is over or was wrong folded away. */
export function Problems(props: {
  record: PatientRecord
  onAdd: () => void
  onChange: (subject: string) => void
}) {
  const { record, onAdd, onChange } = props
  const { t } = useTranslation()
  const all = latestFirst(
    itemsOf(record, 'Condition').map((item): Listed => ({ item, ...readProblem(item) })),
    ({ since }) => since,
  )
  const current = all.filter(({ past }) => !past)
  const past = all.filter((problem) => problem.past)
  return (
    <Card title={t('problems.title')} count={current.length} add={{ label: t('addProblem.title'), onAdd }}>
      {!record.complete ? (
        <Nothing title={t('problems.unavailable')} tone="warn">
          {t('problems.unavailableText')}
        </Nothing>
      ) : (
        all.length === 0 && <Nothing title={t('problems.empty')} />
      )}
      {current.length > 0 && (
        <Rows label={t('problems.title')}>
          {current.map((problem) => (
            <ProblemRow key={problem.item.subject} problem={problem} onChange={onChange} />
          ))}
        </Rows>
      )}
      {past.length > 0 && (
        <Folded
          label={t('problems.past', { count: past.length })}
          aside={<Rung ids={past.flatMap(({ item }) => item.mine)} />}
        >
          <Rows>
            {past.map((problem) => (
              <ProblemRow key={problem.item.subject} problem={problem} onChange={onChange} />
            ))}
          </Rows>
        </Folded>
      )}
    </Card>
  )
}

type Listed = Problem & { item: Item }

function ProblemRow({ problem, onChange }: { problem: Listed; onChange: (subject: string) => void }) {
  const { t } = useTranslation()
  const when = useWhen()
  const { item, clinical, verification } = problem
  const severity = conceptText(item.resource['severity'])
  const notes = asObjects(item.resource['note']).flatMap((note) => asText(note['text']) ?? [])
  return (
    <Row
      struck={problem.struck}
      onItsWay={item.onItsWay}
      change={{
        label: t('panel.changeNamed', {
          name: conceptText(item.resource['code']) ?? t('problems.unnamed'),
        }),
        onChange: () => onChange(item.subject),
      }}
    >
      <div className={classes.line}>
        <strong className="strike">{conceptText(item.resource['code']) ?? t('problems.unnamed')}</strong>
        {severity && <span className={classes.quiet}>{severity.toLowerCase()}</span>}
        {clinical && clinical !== 'active' && (
          <Tag tone={problem.past ? 'quiet' : 'warn'}>{t(`problems.clinical.${clinical}`)}</Tag>
        )}
        {verification && verification !== 'confirmed' && (
          <Tag tone={problem.struck ? 'quiet' : 'warn'}>{t(`problems.verification.${verification}`)}</Tag>
        )}
        <span className={classes.quiet}>
          {[
            problem.onset && t('problems.since', { when: when(problem.onset) }),
            problem.until && t('problems.until', { when: when(problem.until) }),
          ]
            .filter(Boolean)
            .join(' ')}
        </span>
        <Rung ids={item.mine} />
      </div>
      {notes.map((note) => (
        <div key={note} className={classes.note}>
          {note}
        </div>
      ))}
      {verification === 'entered-in-error' ? (
        <ErrorLine item={item} aspect="status" />
      ) : (
        <Provenance
          item={item}
          who={
            asText(asObject(item.resource['recorder'])?.['display']) ??
            asText(asObject(item.resource['asserter'])?.['display'])
          }
          when={dateIn(item.resource, 'recordedDate')}
        />
      )}
    </Row>
  )
}
