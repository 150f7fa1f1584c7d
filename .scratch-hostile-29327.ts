import { fire, goodClient, meridianFront, stockFront } from '/work/main/test/hostile/fire.ts'
import { startHostileRegion } from '/work/main/test/hostile/hostile-region.ts'
const N = Number(process.env.N ?? 1000), seed = Number(process.env.SEED ?? 1)
const region = await startHostileRegion()
const good = await goodClient(region)
try {
await good.work()
const mb = (m: any) => Object.fromEntries(Object.entries(m).map(([k, v]) => [k, Math.round(v as number / 1e5) / 10]))
console.log('before', mb(await region.memory()))
const { front, proposed } = meridianFront(region, [good.document, 'note/m', 'journal/x/2024'], seed)
for (const f of [stockFront(region, { name: 'chart', named: () => good.document, seed }), stockFront(region, { name: 'note', named: (n) => 'note/hostile-' + n, seed }), front]) {
  if (process.env.ONLY && f.name !== process.env.ONLY) continue
  for (let half = 0; half < 2; half++) {
    const r = await fire(f, N / 2, seed + half * 100)
    await good.work()
    console.log(f.name, JSON.stringify(r), mb(await region.memory()), 'connections', await region.connections())
  }
}
const a = await region.audit()
const allowed = new Set([...proposed, ...good.saved])
console.log({ entries: a.entries.length, foreign: a.entries.filter((e) => !allowed.has(e)).length, notes: a.notes, wrong: a.wrong, errors: a.errors.slice(0, 5), nerr: a.errors.length })
} catch (e) { console.log('FAILED', e); console.log(region.ended()); try { console.log(await region.audit()) } catch {} }
good.end(); region.end()
