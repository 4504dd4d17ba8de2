import { expect, it } from 'vitest'
import { en, zh } from '.'

type Tree = { [key: string]: string | Tree }

const keysOf = (tree: Tree, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : keysOf(value, `${path}${key}.`),
  )
const places = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).toSorted()

it('has every text in both languages, with the same places', () => {
  const chinese = keysOf(zh)
  const english = new Map(keysOf(en))
  expect([...english.keys()].toSorted()).toEqual(chinese.map(([key]) => key).toSorted())
  for (const [key, text] of chinese) {
    expect(text, key).not.toBe('')
    expect(places(english.get(key) ?? ''), key).toEqual(places(text))
  }
})
