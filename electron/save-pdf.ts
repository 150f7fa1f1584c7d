import { basename, join } from 'node:path'
import { app, BrowserWindow, dialog, type IpcMainInvokeEvent, ipcMain, type WebContents } from 'electron'
import { isAppUrl } from './app-address.ts'
import { PDF_CHANNEL, type PdfAnswer, type PdfRequest, parsePdfRequest, problemOf } from './pdf-request.ts'
import { writePrivateFile } from './private-file.ts'

/** Answers pages that ask for a PDF of themselves: only the app's own, only the whole page, one at a time. */
export function answerPdfRequests(): void {
  let busy = false
  ipcMain.handle(PDF_CHANNEL, async (event, value: unknown): Promise<PdfAnswer> => {
    const request = isOwnPage(event) ? parsePdfRequest(value) : null
    if (request === null) return { outcome: 'failed', why: 'other', code: 'refused' }
    if (busy) return { outcome: 'failed', why: 'busy', code: 'busy' }
    busy = true
    try {
      return await savePdf(event.sender, request)
    } finally {
      busy = false
    }
  })
}

/** A frame inside the page, and a page that has gone elsewhere meanwhile, are none. */
function isOwnPage({ sender, senderFrame }: IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame === sender.mainFrame && isAppUrl(senderFrame.url)
}

async function savePdf(contents: WebContents, { name, paper }: PdfRequest): Promise<PdfAnswer> {
  const options = {
    defaultPath: join(app.getPath('documents'), name),
    filters: [{ name: 'PDF', extensions: ['pdf'] }],
  }
  const window = BrowserWindow.fromWebContents(contents)
  const asked = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options))
  if (asked.canceled || !asked.filePath) return { outcome: 'cancelled' }
  const pdf = await printed(contents, paper)
  if (pdf === null) return { outcome: 'failed', why: 'print', code: 'print' }
  try {
    await writePrivateFile(asked.filePath, pdf)
    return { outcome: 'saved', name: basename(asked.filePath) }
  } catch (error) {
    const code = codeOf(error)
    return { outcome: 'failed', why: problemOf(code), code }
  }
}

/** The page as its own print style has it: that also sets the margins. Null if Chromium makes none, or the page is gone. */
async function printed(contents: WebContents, paper: PdfRequest['paper']): Promise<Buffer | null> {
  try {
    return await contents.printToPDF({
      pageSize: paper,
      preferCSSPageSize: true,
      printBackground: true,
      margins: { top: 0, bottom: 0, left: 0, right: 0 },
    })
  } catch {
    return null
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}
