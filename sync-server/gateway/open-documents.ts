import { isDocumentName, parseDocumentName, patientOf } from '../../domain/documents/document-name.ts'
import type { Socket } from './socket.ts'

/** Who reads which document now, so that readers of a document that is void can be told. */
export type OpenDocuments = {
  add(document: string, socket: Socket): () => void
  /** Closes every reader of the documents that are meant. */
  close(isMeant: (document: string) => boolean, code: number, reason: string): void
}

export function createOpenDocuments(): OpenDocuments {
  const readers = new Map<string, Set<Socket>>()
  return {
    add(document, socket) {
      const sockets = readers.get(document) ?? new Set<Socket>()
      readers.set(document, sockets)
      sockets.add(socket)
      return () => {
        sockets.delete(socket)
        if (sockets.size === 0 && readers.get(document) === sockets) readers.delete(document)
      }
    },
    close(isMeant, code, reason) {
      for (const [document, sockets] of [...readers])
        if (isMeant(document)) for (const socket of [...sockets]) socket.close(code, reason)
    },
  }
}

/** Is this one of the patient's documents? */
export function isOfPatient(name: string, patientId: string): boolean {
  const document = parseDocumentName(name)
  return isDocumentName(document) && patientOf(document) === patientId
}
