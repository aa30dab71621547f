import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { root } from '../support/shared.ts'

const folder = resolve(root, 'src/estimate')

/** The exponentiation operator, but not the opening of a doc comment. */
const power = /Math\s*\.\s*pow\b|(?<!\/)\*\*/

describe('the sources of the estimate', () => {
  it('use neither Math.pow nor its operator, whose last digits differ between Node versions', () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    expect(files).toContain('proportion-bounds.ts')
    const lines = files.flatMap((file) =>
      readFileSync(resolve(folder, file), 'utf8')
        .split('\n')
        .map((line, index) => `${file}:${index + 1}: ${line}`),
    )
    expect(lines.filter((line) => power.test(line))).toEqual([])
  })

  it.each(['Math.pow(x, 2)', 'x ** 2', 'x**2', 'x **= 2', 'Math . pow(x, 2)'])(
    'would be caught with %s',
    (code) => {
      expect(code).toMatch(power)
    },
  )
})
