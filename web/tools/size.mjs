// Fails when a page would cost more than its budget (gzip, kB): the first page with the shell 230, the flow editor 90, any other 40.
import { readFileSync, statSync } from 'node:fs'

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('../node_modules/.cache/console-manifest.json', import.meta.url), 'utf8'))
const FIRST = 'src/pages/business/BusinessPage.tsx'

const packed = (file) => {
  try {
    return statSync(new URL(`${file}.gz`, dist)).size
  } catch {
    return statSync(new URL(file, dist)).size
  }
}

/** Every file that must be there before the chunk runs. */
const filesOf = (key, found = new Set()) => {
  const chunk = manifest[key]
  if (!chunk || found.has(chunk.file)) return found
  found.add(chunk.file)
  for (const style of chunk.css ?? []) found.add(style)
  for (const next of chunk.imports ?? []) filesOf(next, found)
  return found
}
const kilobytes = (files) => [...files].reduce((sum, file) => sum + packed(file), 0) / 1024

const shell = filesOf('index.html')
const first = new Set([...shell, ...filesOf(FIRST)])
const rows = [['shell + 业务消息监控', kilobytes(first), 230]]
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || key === FIRST) continue
  const extra = [...filesOf(key)].filter((file) => !shell.has(file))
  rows.push([key.replace('src/pages/', ''), kilobytes(extra), key.includes('editor') ? 90 : 40])
}
let isOver = false
for (const [name, size, budget] of rows) {
  const verdict = size > budget ? 'TOO LARGE' : 'ok'
  isOver ||= size > budget
  console.log(`${verdict.padEnd(9)} ${size.toFixed(1).padStart(6)} of ${budget} kB  ${name}`)
}
if (isOver) process.exit(1)
