import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'

const source = join(import.meta.dirname, '../../src/adapters/young-generation.ts')

/** Makes objects of which many live for a while, and tells the largest new space on the way, in MiB. */
const work = `
  const kept = []
  let largest = 0
  for (let round = 0; round < 150; round += 1) {
    for (let index = 0; index < 20_000; index += 1) kept[index] = { index, name: 'n' + index + round, list: [round] }
    const space = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    largest = Math.max(largest, space.space_size)
    await new Promise((done) => setTimeout(done, 1))
  }
  console.log(largest / 2 ** 20)
`

async function measure(start: string): Promise<number> {
  const program = `import v8 from 'node:v8'\nimport { boundYoungGeneration } from ${JSON.stringify(source)}\n${start}\n${work}`
  const words = ['--no-warnings', '--experimental-strip-types', '--input-type=module', '-e', program]
  return Number((await promisify(execFile)(process.execPath, words)).stdout)
}

it('new space grows to about the limit and no further', async () => {
  const free = await measure('')
  const bound = await measure('boundYoungGeneration({ limitBytes: 16 * 2 ** 20, checkEveryMs: 1 })')
  // On a machine with little memory V8's own limit is 16 MiB a half.
  expect(free).toBeGreaterThanOrEqual(32)
  // While a collection goes on, it holds a few pages more.
  expect(bound).toBeLessThan(24)
})
