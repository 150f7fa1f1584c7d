import { useTranslation } from 'react-i18next'
import classes from './lists.module.css'
import { firstStated, type Item, lastChanged, type Stated, statedBy } from './record.ts'
import { useWhen } from './use-when.tsx'

/** Who recorded it and when, as the resource says, else the author of the statement; and who changed it last, and why. */
export function Provenance(props: {
  item: Item
  who?: string | undefined
  when?: string | undefined
  aspect?: string
}) {
  const { t } = useTranslation()
  const when = useWhen()
  const name = useNameOf()
  const stated = firstStated(props.item)
  const who = props.who ?? (stated && name(stated))
  const date = props.when ?? stated?.when
  const changed = lastChanged(props.item)
  if (!who || !date) return null
  return (
    <div className={classes.provenance}>
      {t('chart.by', { who, when: when(date) })}
      {changed && (
        <>
          {' · '}
          {t('chart.changedBy', { who: name(changed.stated), when: when(changed.stated.when) })}
          {changed.reason && ` · ${t('medications.reason', { reason: changed.reason })}`}
        </>
      )}
    </div>
  )
}

/** Entered in error, with who said so and when. */
export function ErrorLine({ item, aspect }: { item: Item; aspect: string }) {
  const { t } = useTranslation()
  const when = useWhen()
  const name = useNameOf()
  const stated = statedBy(item, aspect)
  const reason = item.state.heads.get(aspect)?.[0]?.entry.reason
  return (
    <div className={classes.provenance}>
      {stated
        ? t(stated.by === 'user' ? 'chart.inErrorBy' : 'chart.inErrorFrom', {
            who: name(stated),
            when: when(stated.when),
          })
        : t('chart.inError')}
      {reason && ` · ${t('medications.reason', { reason })}`}
    </div>
  )
}

/** A user by their id; a system as what it is, `the source samples`, not as a person. */
export function useNameOf(): (stated: Stated) => string {
  const { t } = useTranslation()
  return ({ by, who }) => (by === 'user' ? who : t('chart.source', { source: who }))
}
