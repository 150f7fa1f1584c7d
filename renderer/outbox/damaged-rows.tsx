import { Button } from '@mantine/core'
import { IconAlertOctagon } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useWork } from '../session/use-work.tsx'
import { damagedFile } from './damaged-file.ts'
import classes from './outbox.module.css'
import { fileName, saveFile } from './save-file.ts'
import { useUnsent } from './use-unsent.tsx'

/** Rows that cannot be read: how many, that they are kept, and a file of them. */
export function DamagedRows() {
  const { t } = useTranslation()
  const { replica } = useWork()
  const { damaged } = useUnsent()
  const [failed, setFailed] = useState(false)
  if (damaged === 0) return null
  const onExport = async () => {
    const rows = await replica.outbox.exportDamaged().catch(() => undefined)
    setFailed(!rows)
    if (rows) saveFile(fileName('damaged', new Date()), damagedFile(rows, Date.now()))
  }
  return (
    <section className={classes.damaged} aria-label={t('notice.damaged.heading', { count: damaged })}>
      <IconAlertOctagon size={20} aria-hidden />
      <div>
        <strong>{t('notice.damaged.heading', { count: damaged })}</strong>
        <div>{t('damaged.text', { count: damaged })}</div>
        <div>{t('damaged.todo')}</div>
        {failed && <div role="alert">{t('damaged.failed')}</div>}
      </div>
      <Button variant="default" size="compact-sm" onClick={onExport}>
        {t('damaged.export')}
      </Button>
    </section>
  )
}
