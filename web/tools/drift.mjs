// Fails when the types of the API are not those of the committed description; `npm run types` writes them again.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const kept = `${root}/src/api/schema.d.ts`
const made = `${root}/node_modules/.cache/schema.d.ts`
const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
const [, ...options] = scripts.types.split(' ').map((word) => (word === 'src/api/schema.d.ts' ? made : word))
execFileSync(process.execPath, [`${root}/node_modules/openapi-typescript/bin/cli.js`, ...options], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
const isSame = readFileSync(kept, 'utf8') === readFileSync(made, 'utf8')
rmSync(made)
if (!isSame) {
  console.error('src/api/schema.d.ts is not what openapi.json says: run `npm run types` and commit the result')
  process.exit(1)
}
