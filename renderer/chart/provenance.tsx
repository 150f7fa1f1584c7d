import { useTranslation } from 'react-i18next'
import classes from './lists.module.css'
import { type Item, statedBy } from './record.ts'
import { useWhen } from './use-when.tsx'

/** Who recorded it and when: as the resource says, else the author of the statement. */
export function Provenance(props: {
  item: Item
  who?: string | undefined
  when?: string | undefined
  aspect?: string
}) {
  const { t } = useTranslation()
  const when = useWhen()
  const stated = props.item.state.entries.values().next().value?.entry
  const who = props.who ?? stated?.source ?? stated?.author.user
  const date = props.when ?? stated?.recordedAt
  if (!who || !date) return null
  return <div className={classes.provenance}>{t('chart.by', { who, when: when(date) })}</div>
}

/** Entered in error, with who said so and when. */
export function ErrorLine({ item, aspect }: { item: Item; aspect: string }) {
  const { t } = useTranslation()
  const when = useWhen()
  const stated = statedBy(item, aspect)
  return (
    <div className={classes.provenance}>
      {stated ? t('chart.inErrorBy', { who: stated.who, when: when(stated.when) }) : t('chart.inError')}
    </div>
  )
}
