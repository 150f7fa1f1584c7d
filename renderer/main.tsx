import '@mantine/core/styles.css'
import '@fontsource-variable/inter/wght.css'
import './global.css'
import './words/words.ts'
import { createRoot } from 'react-dom/client'
import { z } from 'zod'
import { App } from './app.tsx'
import { keepShell } from './offline/register.ts'

// zod would try to compile its checks with `new Function`, which the page's content security policy forbids.
z.config({ jitless: true })

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(<App />)
keepShell()
