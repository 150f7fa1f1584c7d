import { sha1 } from '@noble/hashes/legacy.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { canonicalJson } from '../entries/canonical.ts'

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Namespace of all ids that an import makes. It must never change: ids of patients hang on it. */
const importNamespace = '3f1d6a52-7c0e-4b1c-9a35-5f6d0c8e21b7'

export function isUuid(id: string): boolean {
  return uuidPattern.test(id)
}

/**
 * The id under which a source's resource is kept: its own if that is a UUID, else the UUID v5 of source, type and id
 * (as a canonical JSON array), the same in every region. So two hospitals' `Patient/1` never become one.
 */
export function importedId(source: string, type: string, id: string): string {
  return isUuid(id) ? id : uuid5(importNamespace, canonicalJson([source, type, id]))
}

/** UUID version 5 of RFC 9562: the first 128 bits of SHA-1 over namespace and name, with version and variant set. */
export function uuid5(namespace: string, name: string): string {
  const bytes = sha1(concatBytes(hexToBytes(namespace.replaceAll('-', '')), utf8ToBytes(name))).slice(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytesToHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
