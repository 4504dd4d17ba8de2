// Tells the newest version of packages with native parts of which every part really was published.
// Run it before raising such a package: `node tools/complete.mjs tailwindcss/oxide oxlint`.
import { execFileSync } from 'node:child_process'

const view = (...what) => {
  try {
    return JSON.parse(execFileSync('npm', ['view', ...what, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString() || 'null')
  } catch {
    return null
  }
}

for (const name of process.argv.slice(2)) {
  const versions = [view(name, 'versions') ?? []].flat().filter((version) => !version.includes('-'))
  let newest = null
  for (const version of versions.toReversed().slice(0, 12)) {
    const parts = Object.entries(view(`${name}@${version}`, 'optionalDependencies') ?? {})
    const missing = parts.filter(([part, wanted]) => view(`${part}@${wanted}`, 'version') === null)
    if (missing.length === 0) {
      newest = version
      break
    }
    console.log(`${name} ${version}: ${missing.length} of ${parts.length} parts are missing`)
  }
  console.log(`${name}: take ${newest ?? 'none of the last 12'}`)
}
