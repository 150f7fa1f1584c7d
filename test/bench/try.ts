import { pinLoad } from './affinity.ts'
import { closedLoopEdits } from './measures/closed-loop-edits.ts'
import { editLatency } from './measures/edit-latency.ts'
import { submitRate } from './measures/submit-rate.ts'
import { journal } from './measures/journal.ts'
import { returnOfARegion } from './measures/return-of-a-region.ts'
import { memory } from './measures/memory.ts'
import { longNote } from './measures/long-note.ts'
import { reconnects } from './measures/reconnects.ts'
import { lost } from './measures/lost.ts'
import { betweenRegions } from './measures/between-regions.ts'
import { catchUp } from './measures/catch-up.ts'
import { startMeridian } from './servers/meridian.ts'
import { startPeer } from './servers/peer.ts'
pinLoad()
const which = process.argv[2] as string
const letters = process.argv[3] ?? 'a'
const server = which === 'meridian' ? await startMeridian(20400, console.log) : await startPeer(which as never, 20600)
console.log(server.what)
const ctx = { quick: process.argv[4]==='quick', run: String(Date.now() % 100000), log: console.log }
try {
  for (const measure of [closedLoopEdits, editLatency, memory, longNote, reconnects, lost, submitRate, betweenRegions, catchUp, journal, returnOfARegion]) if (letters.includes(measure.letter)) {
    const t = performance.now()
    console.log(measure.letter, JSON.stringify(await measure.run(server as never, ctx)), ((performance.now() - t)/1000).toFixed(1), 's') }
} catch (e) { console.log(e) } finally { await server.stop() }
process.exit(0)
