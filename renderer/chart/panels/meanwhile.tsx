import { Button, Group } from '@mantine/core'
import { IconUserExclamation } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { useNameOf } from '../provenance.tsx'
import { statedIn } from '../record.ts'
import classes from '../side-panel.module.css'
import type { Parts } from './rebase.ts'
import type { ChangeForm } from './use-change.ts'

/**
 * Says in an open form what somebody else has changed meanwhile, and asks what is to be done with what was typed. Nothing
 * is saved over it unseen.
 */
export function Meanwhile<D extends Parts>(props: {
  form: ChangeForm<D>
  /** What the chart says now of a part, in words: `Dose is now 5 mg, Oral, twice daily`. */
  say: (part: string) => string
  tried: boolean
}) {
  const { t } = useTranslation()
  const name = useNameOf()
  const { news, clash, keepMine, takeTheirs } = props.form
  if (news.length === 0) return null
  const stated = news.map(({ by }) => statedIn(by?.entry)).find((one) => one !== undefined)
  return (
    <div className={`${classes.asking} ${classes.meanwhile}`} role="alert">
      <IconUserExclamation size={18} aria-hidden />
      <div>
        <strong>{stated ? t('meanwhile.by', { who: name(stated) }) : t('meanwhile.byNobody')}</strong>
        <ul>
          {news.map(({ part }) => (
            <li key={part}>{props.say(part)}</li>
          ))}
        </ul>
        <p>{t(clash ? 'meanwhile.clash' : 'meanwhile.noClash')}</p>
        {props.tried && <p className={classes.wrong}>{t('meanwhile.missing')}</p>}
        <Group gap="xs" mt={6}>
          {clash ? (
            <>
              <Button size="compact-sm" variant="default" onClick={takeTheirs} data-decide>
                {t('meanwhile.take')}
              </Button>
              <Button size="compact-sm" variant="default" onClick={keepMine}>
                {t('meanwhile.keep')}
              </Button>
            </>
          ) : (
            <Button size="compact-sm" variant="default" onClick={keepMine} data-decide>
              {t('meanwhile.seen')}
            </Button>
          )}
        </Group>
      </div>
    </div>
  )
}
