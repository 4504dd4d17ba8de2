import { expect, open, PAGES, test, UNSERVED } from './fixtures'

test.use({ database: 'pages' })

test('every entry of the navigation leads to the page of its name', async ({ console: page }) => {
  await open(page, '/', '总览')
  const entries = page.getByRole('navigation', { name: '主导航' }).getByRole('link')
  const names = await entries.allInnerTexts()
  expect(names.length).toBeGreaterThan(8)
  for (const name of names.map((text) => text.split('\n')[0] ?? '')) {
    await page.getByRole('navigation', { name: '主导航' }).getByRole('link', { name, exact: true }).click()
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
    await expect(page).toHaveTitle(`${name} · WorkBot`)
  }
})

test('codes are made, downloaded and made void', async ({ console: page }) => {
  await open(page, '/codes', '激活码')
  await expect(page.getByText('还没有激活码')).toBeVisible()
  await page.getByRole('button', { name: '批量生成' }).first().click()
  await page.getByLabel('数量').fill('3')
  await page.getByRole('button', { name: '生成', exact: true }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: '下载 CSV' }).click()
  expect((await download).suggestedFilename()).toBe('activation-codes.csv')
  await page.getByRole('dialog').getByRole('button', { name: '关闭' }).last().click()
  const table = page.getByRole('region', { name: '激活码' })
  await expect(table.getByText('未用')).toHaveCount(3)
  await table.getByRole('button', { name: /更多操作/ }).first().click()
  await page.getByRole('menuitem', { name: '作废' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: '作废' }).click()
  await expect(table.getByText('已作废')).toHaveCount(1)
})

test('a robot is made, shown once with its secret, found and switched off', async ({ console: page }) => {
  await open(page, '/robots', '机器人')
  await page.getByRole('button', { name: '新建机器人' }).click()
  await page.getByRole('button', { name: '创建' }).click()
  await expect(page.getByText('请输入名称')).toBeVisible()
  await page.getByLabel('名称', { exact: true }).fill('新机器人')
  await page.getByRole('button', { name: '创建' }).click()
  await expect(page.getByText('以下内容只显示一次，请立即保存')).toBeVisible()
  await page.getByRole('dialog').getByRole('button', { name: '关闭' }).last().click()
  const row = page.getByRole('row').filter({ hasText: '新机器人' })
  await row.click()
  const drawer = page.getByRole('dialog', { name: '新机器人' })
  await drawer.getByRole('button', { name: '停用' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: '停用' }).click()
  await expect(row.getByText('已停用')).toBeVisible()
  await drawer.getByRole('button', { name: '启用' }).click()
  await expect(row.getByText('离线')).toBeVisible()
  await drawer.getByRole('tab', { name: '统计' }).click()
  await expect(drawer.getByText('收到消息')).toBeVisible()
})

test('a rule is made, changed and deleted', async ({ console: page }) => {
  await open(page, '/alerts?tab=rules', '告警')
  await page.getByRole('button', { name: '新建规则' }).click()
  await page.getByLabel('名称').fill('退款提醒')
  await page.getByLabel('值', { exact: true }).fill('退款，退钱')
  await page.getByRole('button', { name: '保存' }).click()
  const row = page.getByRole('row').filter({ hasText: '退款提醒' })
  await expect(row.getByText('退款, 退钱')).toBeVisible()
  await row.getByRole('button', { name: /更多操作/ }).click()
  await page.getByRole('menuitem', { name: '停用' }).click()
  await expect(row.getByText('停用')).toBeVisible()
  await row.getByRole('button', { name: /更多操作/ }).click()
  await page.getByRole('menuitem', { name: '删除' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: '删除' }).click()
  await expect(row).toHaveCount(0)
})

test('an alert is raised, taken and resolved', async ({ console: page, server }) => {
  await open(page, '/alerts', '告警')
  await expect(page.getByText('没有活动告警')).toBeVisible()
  await server.receive(server.phone('告警机器人'), '你们是骗子，我要举报')
  const row = page.getByRole('region', { name: '活动告警' }).getByRole('row').filter({ hasText: '严重' }).first()
  await row.click()
  const drawer = page.getByRole('dialog').filter({ hasText: '通知记录' })
  await drawer.getByRole('button', { name: '认领' }).click()
  await expect(drawer.getByText('已认领')).toBeVisible()
  await drawer.getByRole('button', { name: '解决' }).click()
  await page.getByRole('dialog', { name: '解决告警' }).getByLabel('备注').fill('已联系客户')
  await page.getByRole('dialog', { name: '解决告警' }).getByRole('button', { name: '解决' }).click()
  await expect(drawer.getByText('已联系客户')).toBeVisible()
})

test('the tree of actors lives, is paused, and opens one of them', async ({ console: page }) => {
  await open(page, '/actors', '运行状态')
  const journal = page.getByRole('row').filter({ hasText: 'journal' })
  await expect(journal.getByText('运行', { exact: true })).toBeVisible()
  await page.getByRole('radio', { name: '表' }).click()
  await expect(page).toHaveURL(/view=table/)
  await journal.click()
  await expect(page.getByRole('dialog', { name: 'journal' }).getByText('正在处理')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.getByRole('button', { name: '暂停' }).click()
  await expect(page.getByText('已暂停')).toBeVisible()
})

test('language, theme, palette and keys', async ({ console: page }) => {
  await open(page, '/', '总览')
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('输入页面名或机器人').fill('激活码')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: '激活码' })).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  await expect(page.getByRole('heading', { level: 1, name: '机器人' })).toBeVisible()
  await page.getByRole('button', { name: '中文' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Robots' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await page.getByRole('button', { name: /^Theme/ }).click()
  await page.getByRole('button', { name: /^Theme/ }).click()
  await expect(page.locator('html')).toHaveClass('dark')
  await page.screenshot({ path: 'test-results/screens/robots-english-dark.png' })
})

test.describe('a role that may not', () => {
  test.use({ expected: { texts: [/403/, ...UNSERVED] } })

  test('is not led to pages of others, and is told so there', async ({ console: page, server }) => {
    server.signInAs('user')
    await open(page, '/', '总览')
    const navigation = page.getByRole('navigation', { name: '主导航' })
    await expect(navigation.getByRole('link', { name: '机器人' })).toBeVisible()
    for (const name of ['激活码', '审计日志', '运行状态']) await expect(navigation.getByRole('link', { name })).toHaveCount(0)
    for (const path of ['/codes', '/audit', '/actors']) {
      await page.goto(path)
      await expect(page.getByText('没有权限')).toBeVisible()
    }
    await page.screenshot({ path: 'test-results/screens/forbidden.png' })
  })
})

test.describe('a server that fails', () => {
  test.use({ expected: { texts: [/500/, ...UNSERVED] } })

  for (const [path, title] of PAGES) {
    test(`${path} says what failed and is tried again`, async ({ console: page }) => {
      let isBroken = true
      await page.route(/\/api\/(?!user\/info)/, (route) =>
        isBroken
          ? route.fulfill({ status: 500, contentType: 'application/json', body: JSON.stringify({ success: false, code: 500, error: 'internal', message: '服务器内部错误', data: null, requestId: 'request-42' }) })
          : route.continue(),
      )
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
      const failures = page.getByRole('alert').filter({ hasText: 'request-42' })
      if (path !== '/actors') {
        await expect(failures.first()).toBeVisible()
        await expect(failures.first().getByText('服务器内部错误')).toBeVisible()
        isBroken = false
        while ((await failures.count()) > 0) await failures.first().getByRole('button', { name: '重试' }).click()
      }
      await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
    })
  }
})
