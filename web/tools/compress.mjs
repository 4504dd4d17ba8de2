// Writes the compressed copies the server hands out: every text file of `dist` as .br and .gz, unless it would not shrink.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const folder = new URL('../dist', import.meta.url).pathname
const kinds = /\.(js|css|html|svg|json|txt)$/

const brotli = (bytes) =>
  promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
const compressions = { br: brotli, gz: (bytes) => promisify(gzip)(bytes, { level: 9 }) }

// What the build knows about its own files is for the size check, not for browsers.
const cache = new URL('../node_modules/.cache/', import.meta.url).pathname
await mkdir(cache, { recursive: true })
await rename(join(folder, '.vite/manifest.json'), join(cache, 'console-manifest.json'))
await rm(join(folder, '.vite'), { recursive: true })

const entries = await readdir(folder, { recursive: true, withFileTypes: true })
const files = entries.filter((entry) => entry.isFile() && kinds.test(entry.name))
await Promise.all(
  files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    for (const [extension, compress] of Object.entries(compressions)) {
      const packed = await compress(bytes)
      if (packed.length < bytes.length) await writeFile(`${path}.${extension}`, packed)
      else await rm(`${path}.${extension}`, { force: true })
    }
  }),
)
console.log(`compressed ${files.length} files`)
