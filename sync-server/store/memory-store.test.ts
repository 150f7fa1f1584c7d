import { storeContract } from './contract.ts'
import { createMemoryStore } from './memory-store.ts'

storeContract('in memory', async () => {
  const store = createMemoryStore()
  return { store, homeGroup: 'frankfurt-general', dispose: () => store.close() }
})
