import { memo, useContext } from 'react'
import { useTranslation } from 'react-i18next'
import { zonedText } from './context.ts'
import type { PackPage } from './make-pack.ts'
import { Printed } from './printed.ts'
import classes from './sheet.module.css'
import type { Block, Cell, Line, Run } from './sheet.ts'

export type Paper = 'A4' | 'Letter'

/** One sheet of paper: whose it is at the head and at the foot, and what fits in between. */
export const SheetPage = memo(function SheetPage(props: {
  page: PackPage
  paper: Paper
  /** Place in the pack, from 1, and how many there are. */
  number: number
  total: number
  /** Said at the foot of every page, such as that the pack was not finished. */
  incomplete: string | undefined
}) {
  const { t } = useTranslation()
  const { page } = props
  const { sheet } = page
  return (
    <section
      className={classes.paper}
      data-paper={props.paper}
      data-patient={sheet.patientId}
      aria-label={t('downtime.page.label', { page: props.number, name: sheet.name })}
    >
      <header className={classes.head} data-part="head" data-deceased={sheet.deceased || undefined}>
        <div className={classes.nameLine}>
          <h2 className={classes.name}>{sheet.name}</h2>
          {page.pages > 1 && (
            <span className={classes.part}>
              {t('downtime.page.ofPatient', { page: page.page, pages: page.pages })}
            </span>
          )}
        </div>
        <dl className={classes.facts}>
          {sheet.facts.map(({ label, value }) => (
            <div key={label}>
              <dt>{label}</dt> <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <p className={classes.asOf}>{sheet.asOf}</p>
      </header>
      <div className={classes.body} data-part="body">
        {page.blocks.map((block, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a printed page does not change
          <BlockView key={at} block={block} continued={page.continued && at === 0} />
        ))}
        {page.penRoom && (
          <div className={classes.byHand} aria-hidden>
            {t('downtime.page.byHand')}
          </div>
        )}
      </div>
      <footer className={classes.foot} data-part="foot">
        <div className={classes.footLine}>
          <strong>
            {sheet.name} · {sheet.identifier}
          </strong>
          <strong>{t('downtime.page.number', { page: props.number, total: props.total })}</strong>
        </div>
        <PrintedLine timeZone={sheet.timeZone} />
        {props.incomplete && <div className={classes.incomplete}>{props.incomplete}</div>}
      </footer>
    </section>
  )
})

function PrintedLine({ timeZone }: { timeZone: string }) {
  const { t } = useTranslation()
  const { readAt, printedAt, by, clock } = useContext(Printed)
  const times = { read: zonedText(readAt, timeZone), printed: zonedText(printedAt, timeZone), by }
  return (
    <div>
      {t('downtime.page.printed', times)}
      {clock && <strong> {clock}</strong>}
    </div>
  )
}

function BlockView({ block, continued }: { block: Block; continued: boolean }) {
  const { t } = useTranslation()
  switch (block.kind) {
    case 'heading':
      return (
        <h3 className={classes.heading} data-block>
          {block.title}
          {continued && ` ${t('downtime.page.continued')}`}
          {block.note && <span className={classes.note}> {block.note}</span>}
        </h3>
      )
    case 'warning':
      return (
        <p className={classes.warning} data-block>
          <strong>{block.title}</strong> {block.text}
        </p>
      )
    case 'remark':
      return (
        <p className={classes.remark} data-block>
          {block.text}
        </p>
      )
    case 'line':
      return (
        <div className={classes.line} data-block data-tone={block.tone}>
          <LineView line={block} />
        </div>
      )
    case 'pair':
      return (
        <div className={classes.pair} data-block>
          {block.lines.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a printed page does not change
            <div key={at} className={classes.line} data-tone={line.tone}>
              <LineView line={line} />
            </div>
          ))}
        </div>
      )
    case 'values':
      return (
        <dl className={classes.values} data-block>
          {block.cells.map((cell) => (
            <CellView key={cell.label} cell={cell} />
          ))}
        </dl>
      )
  }
}

function LineView({ line }: { line: Line }) {
  return (
    <>
      <div className={line.beside.length > 0 ? classes.columns : undefined}>
        <div>
          <span className={line.struck ? classes.struck : undefined}>
            <Runs runs={line.runs} />
          </span>
          {line.tags.map((tag) => (
            <span key={tag}>
              {' '}
              <span className={classes.tag}>{tag}</span>
            </span>
          ))}
        </div>
        {line.beside.length > 0 && (
          <div>
            {line.beside.map((runs, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a printed page does not change
              <div key={at}>
                <Runs runs={runs} />
              </div>
            ))}
          </div>
        )}
      </div>
      {line.details.map((detail) => (
        <div key={detail} className={classes.detail}>
          {detail}
        </div>
      ))}
    </>
  )
}

function Runs({ runs }: { runs: readonly Run[] }) {
  return runs.map(({ text, strong }, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: a printed page does not change
    strong ? <strong key={at}>{text}</strong> : <span key={at}>{text}</span>,
  )
}

function CellView({ cell }: { cell: Cell }) {
  const [date, ...time] = cell.when.split(' ')
  return (
    <div className={classes.cell}>
      <dt>{cell.label}</dt>
      <dd>
        <span className={classes.value}>{cell.value}</span> {cell.unit}
      </dd>
      <dd className={classes.when}>
        <span>{date}</span> <span>{time.join(' ')}</span>
      </dd>
      {cell.remarks.map((remark) => (
        <dd key={remark} className={classes.strong}>
          {remark}
        </dd>
      ))}
    </div>
  )
}
