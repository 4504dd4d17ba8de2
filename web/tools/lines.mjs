// Fails on a file of more than 400 lines or with a name that says nothing.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const EMPTY_NAMES = /^(utils?|helpers?|common|manager|misc)\./
let failures = 0
for (const folder of ['src', 'e2e', 'tools']) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'schema.d.ts') continue
    const path = join(entry.parentPath, entry.name)
    const lines = readFileSync(path, 'utf8').split('\n').length - 1
    const faults = [lines > 400 && `has ${lines} lines, at most 400`, EMPTY_NAMES.test(entry.name) && 'has a name that says nothing']
    for (const fault of faults.filter(Boolean)) {
      console.error(`${path.slice(root.length)} ${fault}`)
      failures += 1
    }
  }
}
if (failures > 0) process.exit(1)
