import { expect, test as base, type Page } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { WorkBot } from './server'

interface Fixtures {
  /** A page of an administrator; anything its console complains of fails the test. */
  console: Page
  /** Complaints that a test expects. */
  expected: { texts: RegExp[] }
}


const DESCRIBED = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')) as { paths: Record<string, unknown> }
/** Pages that ask for a route this server does not have yet are answered 404, and the browser says so. */
export const UNSERVED: RegExp[] = ['/api/flow-executions'].filter((path) => !(path in DESCRIBED.paths)).map((path) => new RegExp(`404.*${path}`))

export const test = base.extend<Fixtures, { server: WorkBot; database: string }>({
  // Files of another name have another server with a database of its own.
  database: ['', { option: true, scope: 'worker' }],
  server: [
    async ({ database }, use) => {
      const server = new WorkBot(database)
      await server.start()
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],
  baseURL: ({ server }, use) => use(server.url),
  expected: [{ texts: UNSERVED }, { option: true }],
  console: async ({ page, server, expected }, use) => {
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.text()} ${message.location().url}`)
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    server.signInAs('admin')
    await use(page)
    expect(complaints.filter((text) => !expected.texts.some((known) => known.test(text)))).toEqual([])
  },
})

export { expect }

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[]
}

/** Faults of accessibility on what is shown now (WCAG 2.1 A and AA). */
export async function faultsOf(page: Page): Promise<string[]> {
  // The policy of the page forbids foreign scripts; the inspector may evaluate.
  await page.evaluate(AXE)
  const result = (await page.evaluate(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })`)) as AxeResult
  return result.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary ?? ''}`))
}

/** Pages by the label of their navigation entry, which is their title too. */
export const PAGES = [
  ['/', '总览'],
  ['/monitor/business', '业务消息监控'],
  ['/monitor/ai', 'AI 交互监控'],
  ['/monitor/flows', '流程执行'],
  ['/actors', '运行状态'],
  ['/alerts', '告警'],
  ['/alerts?tab=rules', '告警'],
  ['/alerts?tab=channels', '告警'],
  ['/robots', '机器人'],
  ['/codes', '激活码'],
  ['/queue', '离线队列'],
  ['/queue?tab=failed', '离线队列'],
  ['/callbacks', '回调'],
  ['/callbacks?tab=deliveries', '回调'],
  ['/audit', '审计日志'],
] as const

/** Opens a page and waits until it has what it asked for and is live. */
export async function open(page: Page, path: string, title: string) {
  await page.goto(path)
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  await expect(page.getByRole('status', { name: '加载中' })).toHaveCount(0)
  await expect(page.getByRole('banner').getByText('实时', { exact: true })).toBeVisible()
}
