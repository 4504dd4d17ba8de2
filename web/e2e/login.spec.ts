import { expect, faultsOf, test } from './fixtures'

test.use({ database: 'login' })

const answer = (data: unknown) => ({ contentType: 'application/json', body: JSON.stringify({ success: true, code: 0, message: 'success', data }) })

test.describe('whoever is not signed in', () => {
  test.use({ expected: { texts: [/401/, /404/, /WebSocket/] } })

  test('is led to the login page and back to where they wanted', async ({ console: page, server }) => {
    server.signInAs(null)
    await page.route('**/api/user/send-sms', (route) => route.fulfill(answer({})))
    await page.route('**/api/user/login', (route) => {
      server.signInAs('admin')
      expect(route.request().postDataJSON()).toEqual({ phone: '13800000001', code: '123456' })
      return route.fulfill(answer({}))
    })
    await page.goto('/robots?q=abc')
    await expect(page.getByRole('heading', { name: '登录' })).toBeVisible()
    expect(await faultsOf(page)).toEqual([])
    await page.screenshot({ path: 'test-results/screens/login.png' })
    await page.getByRole('textbox', { name: '手机号' }).fill('138')
    await page.getByRole('button', { name: '获取验证码' }).click()
    await expect(page.getByText('请输入 11 位手机号')).toBeVisible()
    await page.getByRole('textbox', { name: '手机号' }).fill('13800000001')
    await page.getByRole('button', { name: '获取验证码' }).click()
    await expect(page.getByRole('button', { name: /秒后重新获取/ })).toBeDisabled()
    for (const place of [1, 2, 3, 4, 5, 6]) await page.getByRole('textbox', { name: `验证码 第 ${place} 位` }).fill(String(place))
    await page.getByRole('button', { name: '登录' }).click()
    await expect(page).toHaveURL(/\/robots\?q=abc$/)
    await expect(page.getByRole('heading', { level: 1, name: '机器人' })).toBeVisible()
  })

  test('signs in by a link, once', async ({ console: page, server }) => {
    server.signInAs(null)
    await page.route('**/api/user/ticket', (route) => {
      if (route.request().postDataJSON().ticket !== 'good') return route.fulfill({ status: 401, contentType: 'application/json', body: '{}' })
      server.signInAs('admin')
      return route.fulfill(answer({}))
    })
    await page.goto('/login?ticket=bad')
    await expect(page.getByText('登录链接已失效，请使用手机号登录。')).toBeVisible()
    await page.goto('/login?ticket=good')
    await expect(page.getByRole('heading', { level: 1, name: '总览' })).toBeVisible()
    await expect(page).toHaveURL(/\/$/)
  })
})
