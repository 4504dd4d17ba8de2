import { expect, it } from 'vitest'
import { csvOf } from './csv'

it('quotes cells and makes no formulas', () => {
  expect(csvOf([['激活码', '备注'], ['ABC', 'say "hi", ok'], ['=1+1', '-2']])).toBe(
    '\uFEFF"激活码","备注"\r\n"ABC","say ""hi"", ok"\r\n"\'=1+1","\'-2"\r\n',
  )
})
