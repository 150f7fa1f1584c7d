import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  type DocumentName,
  isDocumentName,
  parseDocumentName,
  patientOf,
} from '../../domain/documents/document-name.ts'
import { meridianProtocol } from '../../domain/wire/wire.ts'

/**
 * What an upgrade asks for: `/sync/<document>` is the stock endpoint, `/sync` with the sub-protocol `meridian.v1` the
 * other one. The token is the query parameter `token` or the sub-protocol `bearer.<token>`.
 */
export type UpgradeRequest = {
  token: string | undefined
  /** The sub-protocol to confirm, if any was offered that is served here. */
  protocol: string | undefined
  /** Undefined for the meridian endpoint. */
  document: DocumentName | undefined
}

export type UpgradeRefusal = {
  status: 400 | 401 | 403 | 404 | 410 | 503
  detail: string
  /** The token that came with it. */
  token?: string | undefined
}

const bearer = 'bearer.'

/** @param url path and query as they stand in the request line. */
export function readUpgrade(url: string, protocols: string | undefined): UpgradeRequest | UpgradeRefusal {
  const [path = '', query = ''] = splitAt(url, '?')
  const offered = (protocols ?? '').split(',').map((p) => p.trim())
  const bearerProtocol = offered.find((p) => p.startsWith(bearer))
  const token = new URLSearchParams(query).get('token') ?? bearerProtocol?.slice(bearer.length)
  if (path === '/sync' || path === '/sync/') {
    if (!offered.includes(meridianProtocol))
      return {
        status: 400,
        token,
        detail: `open /sync/<document>, or /sync with sub-protocol ${meridianProtocol}`,
      }
    return { token, protocol: meridianProtocol, document: undefined }
  }
  if (!path.startsWith('/sync/')) return { status: 404, detail: 'WebSockets are served under /sync' }
  const name = decodeOnce(path.slice('/sync/'.length))
  const document = name === undefined ? undefined : parseDocumentName(name)
  if (!document) return { status: 400, token, detail: 'the document name is not percent-encoded UTF-8' }
  if (!isDocumentName(document)) return { status: 400, token, detail: document.detail }
  return { token, protocol: bearerProtocol, document }
}

export function isUpgradeRefusal(read: UpgradeRequest | UpgradeRefusal): read is UpgradeRefusal {
  return 'status' in read
}

/**
 * May this document be opened? A chart, journal or notices of an unknown patient, or the document of an unknown group,
 * does not exist; threads and notes begin with what is first written to them.
 */
export function openingProblem(
  document: DocumentName,
  known: { patient(id: string): boolean; erased(id: string): boolean; group(name: string): boolean },
): UpgradeRefusal | undefined {
  const patient = patientOf(document)
  if (patient !== undefined && known.erased(patient))
    return { status: 410, detail: 'this patient was erased' }
  if (patient !== undefined && !known.patient(patient))
    return { status: 404, detail: 'this region knows no such patient' }
  if (document.kind === 'group' && !known.group(document.id))
    return { status: 404, detail: 'there is no such home group' }
  return undefined
}

/** How long a refused client may take to hear why, in ms. */
const refusalMs = 5000

/** Answers an upgrade that is refused and ends the connection, whether the other side closes it or not. */
export function answerRefusal(socket: Duplex, { status, detail }: UpgradeRefusal): void {
  const body = JSON.stringify({
    type: 'urn:meridian:problem:upgrade-refused',
    title: STATUS_CODES[status],
    status,
    detail,
  })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(status === 401 ? ['www-authenticate: Bearer'] : []),
    'connection: close',
  ]
  const late = setTimeout(() => socket.destroy(), refusalMs)
  socket.once('close', () => clearTimeout(late))
  // Node leaves a socket half open for as long as the other side likes.
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function decodeOnce(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
