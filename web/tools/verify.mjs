// Everything that must hold before a change of the console is taken, each step with its time.
import { spawnSync } from 'node:child_process'

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
for (const step of ['drift', 'lint', 'check', 'test', 'build', 'size', 'e2e']) {
  const began = Date.now()
  const { status } = spawnSync(npm, ['run', '--silent', step], { stdio: 'inherit', shell: process.platform === 'win32' })
  console.log(`console ${step}: ${status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
  if (status !== 0) process.exit(status ?? 1)
}
