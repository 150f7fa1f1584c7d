import { IconAlertOctagon } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import classes from './side-panel.module.css'
import type { KeepProblem } from './use-keep.ts'

/** In a form whose change the device could not keep. It comes into sight, above the buttons that stay at the bottom. */
export function NotKept({ problem }: { problem: KeepProblem | undefined }) {
  const { t } = useTranslation()
  if (!problem) return null
  return (
    <div
      className={`${classes.asking} ${classes.notKept}`}
      role="alert"
      ref={(element) => element?.scrollIntoView({ block: 'end' })}
    >
      <IconAlertOctagon size={18} aria-hidden />
      <span>
        <strong>{t(`notKept.${problem}.title`)}</strong> {t(`notKept.${problem}.text`)}
      </span>
    </div>
  )
}
