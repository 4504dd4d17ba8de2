import { expect, faultsOf, open, PAGES, test } from './fixtures'

test.use({ database: 'look' })

const nameOf = (path: string) => path.replaceAll(/[/?=]+/g, '-').replace(/^-/, '') || 'overview'

test.beforeAll(async ({ server }) => {
  const phone = server.phone('客服01')
  const other = server.phone('售后机器人')
  const said = ['如何退款？', '订单什么时候发货', '你们是不是骗子，我要投诉', '发票怎么开', '谢谢']
  for (const [place, spoken] of said.entries()) await server.receive(place % 2 ? other : phone, spoken, place % 2 ? '李四' : '张三', place % 2 ? '' : 'VIP 客服群')
  await server.ask('POST', '/api/admin/activation-codes', { count: 6, validityPeriod: 365, note: '首批' })
})

for (const theme of ['light', 'dark'] as const) {
  for (const [path, title] of PAGES) {
    test(`${title} ${path} has no faults (${theme})`, async ({ console: page }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await open(page, path, title)
      await page.screenshot({ path: `test-results/screens/${nameOf(path)}-${theme}.png` })
      expect(await faultsOf(page)).toEqual([])
    })
  }
}
