import { expect, test } from 'vitest'
import { runHistory } from '../history/history.ts'

test('HI1 random writers and random trouble: nothing acknowledged is lost or doubled, all regions end equal', async () => {
  const report = await runHistory({ seconds: 30, seed: 7, log: () => {} })
  expect(report.violations).toEqual([])
  expect(report.counts.acknowledged).toBeGreaterThan(20)
  expect(report.replicatedChecked).toBeGreaterThan(0)
}, 400_000)
