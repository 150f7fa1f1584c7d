import { isConnectionLoss } from './store/database.ts'

/**
 * The database driver asks a question of its own whenever it connects, and nobody can wait for the answer: if the connection
 * is lost just then, a promise is rejected that no code of ours has. That must not end the region. Everything else that is
 * rejected unheard is a defect, and ends the process as it would without this.
 */
export function outliveLostStatements(warn: (message: string) => void): void {
  process.on('unhandledRejection', (reason) => {
    if (!isConnectionLoss(reason)) throw reason
    warn('a statement that nobody waited for was lost with its connection')
  })
}
