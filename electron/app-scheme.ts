import { protocol } from 'electron'
import { APP_SCHEME } from './app-address.ts'
import { answerFromFiles } from './app-files.ts'

/** Declares `app://` as a scheme with an origin, storage and secure context. Before the app is ready. */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: APP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ])
}

/** Answers `app://` with the files in `root`. Once the app is ready. */
export function serveAppScheme(root: string): void {
  // Electron 22, which the tests can run on, has no protocol.handle.
  if (typeof protocol.handle === 'function') {
    protocol.handle(APP_SCHEME, async (request) => {
      const { status, headers, body } = await answerFromFiles(root, request.method, request.url)
      return new Response(new Uint8Array(body), { status, headers })
    })
    return
  }
  protocol.registerBufferProtocol(APP_SCHEME, (request, callback) => {
    void answerFromFiles(root, request.method, request.url).then(({ status, headers, body }) => {
      callback({ statusCode: status, headers, data: body, mimeType: mimeTypeOf(headers) })
    })
  })
}

/** The old call takes the type apart from the headers, and without its charset. */
function mimeTypeOf(headers: Readonly<Record<string, string>>): string {
  return (headers['Content-Type'] ?? '').split(';')[0] ?? ''
}
