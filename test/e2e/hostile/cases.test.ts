import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { root } from '../../support/shared.ts'
import { cases, headings } from './cases.ts'

/** The titles of a test file, as they are written there. */
function readTitles(file: string): string[] {
  const source = readFileSync(resolve(root, 'test/e2e', file), 'utf8')
  const titles = source.matchAll(/\b(?:it|it\.each\([\s\S]*?\n {2}\]\))\(\s*(['"`])((?:\\.|(?!\1).)+)\1/g)
  return [...titles].map(([, , title = '']) =>
    title.replaceAll(/\\u([0-9a-f]{4})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  )
}

const files = [...new Set(cases.flatMap(({ shownBy }) => shownBy.map(([file]) => file)))]
const titles = new Map(files.map((file) => [file, readTitles(file)]))

describe('the hostile cases', () => {
  it.each(headings)('of "%s" each have a test that there is', (heading) => {
    const ours = cases.filter((entry) => entry.heading === heading)
    expect(ours.length).toBeGreaterThan(5)
    const without = ours.filter(
      ({ shownBy }) =>
        shownBy.length === 0 ||
        shownBy.some(([file, title]) => !titles.get(file)?.some((written) => written.includes(title))),
    )
    expect(without).toEqual([])
  })

  it('are each listed once', () => {
    const tried = cases.map((entry) => entry.tried)
    expect(new Set(tried).size).toBe(tried.length)
  })

  it('are all that the tests of this folder show', () => {
    const shown = cases.flatMap(({ shownBy }) => shownBy)
    const unlisted = [...titles].flatMap(([file, written]) =>
      file.startsWith('hostile/')
        ? written.filter((title) => !shown.some(([of, part]) => of === file && title.includes(part)))
        : [],
    )
    expect(unlisted).toEqual([])
  })
})
