import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createDrafts } from '../store/sample-drafts.ts'
import { listen } from './listen.ts'
import { startSampleRegion } from './sample-region.ts'

test('HT23 an upgrade that breaks off, and bytes that are no HTTP, do no harm', async () => {
  const region = await startSampleRegion()
  const port = Number(new URL(region.http).port)
  const head = `GET /sync/note/x?token=${await region.tokenOf()} HTTP/1.1\r\nhost: x\r\n`
  const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n'
  for (const bytes of [
    `${head}${upgrade}\r\n`,
    `${head}${upgrade}sec-websocket-key: bad\r\n\r\n`,
    'nonsense\r\n\r\n',
  ])
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
      socket.on('error', () => undefined)
      socket.on('data', () => socket.destroy())
      socket.on('close', () => resolve())
    })
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${head}${upgrade}sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
      socket.destroy()
    })
    socket.on('close', () => resolve())
  })
  expect((await region.request('/health', { as: null })).status).toBe(200)
  await region.close()
})

test('HT24 a port that is taken is an error of listen, and close waits for requests under way', async () => {
  const region = await startSampleRegion()
  const port = Number(new URL(region.http).port)
  const taken = listen({
    config: { http: { host: '127.0.0.1', port } },
    app: { fetch: () => new Response() } as never,
    gateway: region.gateway,
  })
  await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' })
  region.store.delay(200)
  const { patient } = createDrafts('frankfurt-general', region.authorOf()).newPatient()
  const answer = region.postJson('/v1/entries', { entries: [patient.entry] })
  await sleep(100)
  await region.close()
  expect(await (await answer).json()).toMatchObject({ committed: [{ id: patient.id }], refused: [] })
})

test('HT25 a request that offers another protocol, as Java’s client and curl do, is served all the same', async () => {
  const region = await startSampleRegion()
  const port = Number(new URL(region.http).port)
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        'GET /health HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n',
      ),
    )
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString())
    })
  })
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  await region.close()
})
