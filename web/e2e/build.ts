import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** The tests look at a real server and a real browser; what is missing is built, or named. */
export default function build() {
  const browser = process.env.CHROMIUM ?? '/usr/bin/chromium'
  if (!existsSync(browser)) throw new Error(`there is no browser at ${browser}: install chromium and fonts-noto-cjk, or set CHROMIUM`)
  if (process.env.CONSOLE_SERVER) return
  const { status, error } = spawnSync('cargo', ['build', '--quiet', '--package', 'workbot'], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`the server could not be built: ${error?.message ?? `cargo ended with ${status}`}`)
}
