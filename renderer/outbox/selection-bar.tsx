import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { StoredChange } from '../replica/stored-change.ts'
import classes from './outbox.module.css'
import { isRefused } from './unsent.ts'

/** What can be done with the changes that are chosen; the refused ones among them are retried and put aside. */
export function SelectionBar(props: {
  selected: readonly StoredChange[]
  onRetry: (changes: readonly StoredChange[]) => void
  onPutAside: (changes: readonly StoredChange[]) => void
  onExport: (changes: readonly StoredChange[]) => void
  onClear: () => void
}) {
  const { t } = useTranslation()
  const { selected } = props
  const refused = selected.filter(isRefused)
  if (selected.length === 0) return null
  const words = t('outbox.selected', { count: selected.length })
  return (
    <div className={classes.bar} role="toolbar" aria-label={words}>
      <strong role="status">{words}</strong>
      {refused.length > 0 && (
        <>
          <Button size="compact-sm" variant="default" onClick={() => props.onRetry(refused)}>
            {t('outbox.retry')}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => props.onPutAside(refused)}>
            {t('outbox.putAside')}
          </Button>
        </>
      )}
      <Button size="compact-sm" variant="default" onClick={() => props.onExport(selected)}>
        {t('outbox.export')}
      </Button>
      <Button size="compact-sm" variant="subtle" onClick={props.onClear}>
        {t('outbox.clear')}
      </Button>
    </div>
  )
}
