import { expect, faultsOf, open, test } from './fixtures'

test.use({ database: 'ai' })

test('a run appears as it happens, with its nodes on a timeline', async ({ console: page, server }) => {
  const phone = server.phone('流程机器人')
  await open(page, '/monitor/ai', 'AI 交互监控')
  await expect(page.getByText('还没有运行')).toBeVisible()
  await server.receive(phone, '如何退款？')
  const run = page.getByRole('list', { name: '运行列表' }).getByRole('button').first()
  await run.click()
  const timeline = page.getByRole('region', { name: '时间线' })
  await expect(timeline.getByRole('button').nth(3)).toBeVisible()
  await timeline.getByRole('button').first().click()
  await expect(page.getByRole('region', { name: '节点', exact: true }).getByText('输出')).toBeVisible()
  await expect(page).toHaveURL(/id=/)
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await page.screenshot({ path: `test-results/screens/monitor-ai-run-${theme}.png` })
    expect(await faultsOf(page)).toEqual([])
  }
})
