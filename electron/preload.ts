import { contextBridge, ipcRenderer } from 'electron'
import { decodeLaunchConfig, type LaunchConfig, type MeridianBridge } from './launch-config.ts'
import { DOWNTIME_CHANNEL, PDF_CHANNEL } from './pdf-request.ts'

// All that crosses from the shell to the page. contextBridge hands over a frozen copy.
const bridge: MeridianBridge = {
  desktop: true,
  version: decodeURIComponent(argument('meridian-version') ?? ''),
  config: readConfig(),
  savePdf: (request) => ipcRenderer.invoke(PDF_CHANNEL, request),
  onDowntime: (act) => {
    // The event stays here: with it the page would have the sender of messages in its hands.
    const hear = (): void => act()
    ipcRenderer.on(DOWNTIME_CHANNEL, hear)
    return () => ipcRenderer.removeListener(DOWNTIME_CHANNEL, hear)
  },
}
contextBridge.exposeInMainWorld('meridian', bridge)

function readConfig(): LaunchConfig | null {
  const encoded = argument('meridian-config')
  if (encoded === undefined) return null
  const parsed = decodeLaunchConfig(encoded)
  if ('problem' in parsed)
    throw new Error(`The shell handed over a configuration that can't be: ${parsed.problem}.`)
  return parsed.config
}

function argument(name: string): string | undefined {
  const prefix = `--${name}=`
  return process.argv.find((text) => text.startsWith(prefix))?.slice(prefix.length)
}
