import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { corpusLimits, formatBytes } from '../../src/corpus/limits.ts'
import { readers } from '../../src/corpus/readers/index.ts'
import { shapes } from '../../src/corpus/shapes/index.ts'
import { root } from '../support/shared.ts'

const page = readFileSync(resolve(root, 'docs/corpus.md'), 'utf8')

/** The first cells of the table whose head begins with a name, without the head. */
function listFirstCells(head: string): string[] {
  const [, body = ''] = page.split(new RegExp(`\\n\\| \`${head}\` \\|[^\\n]*\\n\\|[-|]+\\n`))
  const rows = body.split('\n\n')[0]?.trim().split('\n') ?? []
  return rows.map((row) => row.split('|')[1]?.trim().replaceAll('`', '') ?? '')
}

describe('the page about the corpus', () => {
  it('has every format and shape, and no others', () => {
    expect(listFirstCells('format')).toEqual(readers.map(({ format }) => format))
    expect(listFirstCells('shape')).toEqual(shapes.map(({ name }) => name))
  })

  it('links to the page of each shape', () => {
    for (const shape of shapes) if (shape.page !== null) expect(page).toContain(`](${shape.page})`)
  })

  it('has the limits', () => {
    const { row, unpackedFree, unpackedRatio, rowGroup, footer } = corpusLimits
    expect(page).toContain(`texts of a row | ${formatBytes(row)} |`)
    expect(page).toContain(`${unpackedRatio} times its size, or ${formatBytes(unpackedFree)}`)
    expect(page).toContain(`packed or unpacked | ${formatBytes(rowGroup)} |`)
    expect(page).toContain(`footer | ${formatBytes(footer)} |`)
  })
})
