import { useTranslation } from 'react-i18next'
import { conceptText } from '../../domain/display/concept.ts'
import { asObject, asObjects, asText } from '../../domain/fhir/resource.ts'
import { Card, Nothing, Row, Rows, Tag } from './card.tsx'
import classes from './lists.module.css'
import { itemsOf, type PatientRecord } from './record.ts'

const notActive = ['proposed', 'suspended', 'inactive'] as const

/** Who is responsible. */
export function CareTeam({ record }: { record: PatientRecord }) {
  const { t } = useTranslation()
  const teams = itemsOf(record, 'CareTeam').filter(
    ({ resource }) => asText(resource['status']) !== 'entered-in-error',
  )
  return (
    <Card title={t('team.title')}>
      {teams.length === 0 && <Nothing title={t(record.complete ? 'team.empty' : 'app.loading')} />}
      <Rows label={t('team.title')}>
        {teams.map(({ subject, resource }) => {
          const status = notActive.find((code) => code === asText(resource['status']))
          return (
            <Row key={subject}>
              <div className={classes.line}>
                <strong>{asText(resource['name']) ?? t('team.title')}</strong>
                {status && <Tag tone="quiet">{t(`team.${status}`)}</Tag>}
              </div>
              {asObjects(resource['participant']).map((participant, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: participants are known by their order
                <div key={at} className={classes.line}>
                  <span>{asText(asObject(participant['member'])?.['display']) ?? t('team.unnamed')}</span>
                  <span className={classes.quiet}>
                    {asObjects(participant['role'])
                      .flatMap((role) => conceptText(role) ?? [])
                      .join(', ')}
                  </span>
                </div>
              ))}
            </Row>
          )
        })}
      </Rows>
    </Card>
  )
}
