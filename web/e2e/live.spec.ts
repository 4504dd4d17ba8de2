import { expect, open, test } from './fixtures'
import type { Phone } from './server'

test.use({ database: 'live' })

let phone: Phone

test.beforeAll(({ server }) => {
  phone = server.phone('<img src=x onerror=alert(1)>')
})

const rows = (page: import('@playwright/test').Page) => page.getByRole('table', { name: '业务消息' }).getByRole('row')

test('an empty page says what to do, and a message appears without a refresh', async ({ console: page, server }) => {
  await open(page, '/monitor/business', '业务消息监控')
  await expect(page.getByText('还没有消息')).toBeVisible()
  await expect(page.getByRole('link', { name: '去生成激活码' })).toBeVisible()
  await server.receive(phone, '第一条消息', '张三', '客服群')
  await expect(rows(page).filter({ hasText: '第一条消息' })).toBeVisible()
})

test('stored scripts are shown as text', async ({ console: page, server }) => {
  await open(page, '/monitor/business', '业务消息监控')
  await server.receive(phone, '<script>window.hacked = true</script>', '"><svg onload="window.hacked = true">')
  await expect(rows(page).filter({ hasText: '<script>window.hacked = true</script>' })).toBeVisible()
  await expect(page.getByRole('table').getByText('<img src=x onerror=alert(1)>').first()).toBeVisible()
  expect(await page.evaluate('window.hacked')).toBeUndefined()
})

test('a paused page holds what comes and shows it afterwards', async ({ console: page, server }) => {
  await open(page, '/monitor/business', '业务消息监控')
  await page.getByRole('button', { name: '暂停' }).click()
  await server.receive(phone, '暂停时的消息')
  await expect(page.getByRole('button', { name: '1 条新消息' })).toBeVisible()
  await expect(rows(page).filter({ hasText: '暂停时的消息' })).toHaveCount(0)
  await page.getByRole('button', { name: '1 条新消息' }).click()
  await expect(rows(page).filter({ hasText: '暂停时的消息' })).toBeVisible()
  await page.keyboard.press('Space')
  await expect(page.getByRole('button', { name: '继续' })).toBeVisible()
  await page.getByRole('button', { name: '继续' }).click()
  await expect(page.getByRole('button', { name: '暂停' })).toBeVisible()
})

test('filters stand in the address and hold for live rows too', async ({ console: page, server }) => {
  await open(page, '/monitor/business', '业务消息监控')
  const asked = page.waitForResponse((response) => response.url().includes('user=%E7%8E%8B%E4%BA%94'))
  await page.getByRole('searchbox', { name: '用户' }).fill('王五')
  await page.getByRole('searchbox', { name: '用户' }).press('Enter')
  await asked
  await expect(page).toHaveURL(/user=/)
  await server.receive(phone, '给别人的消息', '赵六')
  await server.receive(phone, '王五的消息', '王五')
  await expect(rows(page).filter({ hasText: '王五的消息' })).toBeVisible()
  await expect(rows(page).filter({ hasText: '给别人的消息' })).toHaveCount(0)
  await page.reload()
  await expect(page.getByRole('searchbox', { name: '用户' })).toHaveValue('王五')
  await expect(rows(page).filter({ hasText: '王五的消息' })).toBeVisible()
  await page.getByRole('button', { name: '重置' }).click()
  await expect(rows(page).filter({ hasText: '给别人的消息' })).toBeVisible()
})

test('a row opens with why it was or was not answered; Escape closes it', async ({ console: page, server }) => {
  await server.receive(phone, '为什么没有回复')
  await open(page, '/monitor/business', '业务消息监控')
  await rows(page).filter({ hasText: '为什么没有回复' }).getByText('为什么没有回复').click()
  const drawer = page.getByRole('dialog', { name: '消息详情' })
  await expect(drawer.getByRole('region', { name: '为什么' })).toBeVisible()
  await expect(page).toHaveURL(/id=/)
  await page.reload()
  await expect(drawer.getByText('为什么没有回复')).toBeVisible()
  await page.screenshot({ path: 'test-results/screens/monitor-business-drawer.png' })
  await drawer.press('Escape')
  await expect(drawer).toHaveCount(0)
})

test.describe('a server that dies', () => {
  test.use({ expected: { texts: [/WebSocket connection/, /502/, /ERR_/] } })

  test('is come back to without a refresh and without a hole', async ({ console: page, server }) => {
    await server.receive(phone, '断线之前')
    await open(page, '/monitor/business', '业务消息监控')
    await expect(rows(page).filter({ hasText: '断线之前' })).toBeVisible()
    await server.kill()
    const header = page.getByRole('banner')
    await expect(header.getByText('重连中')).toBeVisible()
    await server.restart()
    await server.receive(phone, '重启之后')
    await expect(header.getByText('实时', { exact: true })).toBeVisible({ timeout: 40_000 })
    await expect(rows(page).filter({ hasText: '重启之后' })).toBeVisible()
    await expect(rows(page).filter({ hasText: '断线之前' })).toHaveCount(1)
  })
})
