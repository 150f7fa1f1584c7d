import { afterAll, beforeAll, expect, test } from 'vitest'
import { allSeries, runSeries } from '../kills/series.ts'
import { type Stage, setStage } from '../kills/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage?.stop())

test.each(allSeries)(
  'RG30 nothing that was acknowledged is lost or doubled by SIGKILL: %s',
  async (series) => {
    const outcome = await runSeries(stage, series, 3, () => {})
    expect(outcome).toMatchObject({ rounds: 3, lost: [], doubled: [], other: [] })
    expect(outcome.entries).toBeGreaterThanOrEqual(15)
  },
)
