import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'

const source = join(import.meta.dirname, '../../src/adapters/heap.ts')

/** Makes objects of which many live for a while, and tells the largest new space on the way, in MiB. */
const growNewSpace = `
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

/** Holds about 40 MiB, makes garbage that has lived for a while, and tells how large the heap is at most, in MiB. */
const growOldSpace = (asking = '') => `
  const held = Array.from({ length: 400_000 }, (_, index) => ({ index, name: 'held ' + index }))
  ${asking}
  const recent = []
  let largest = 0
  for (let round = 0; round < 600; round += 1) {
    for (let index = 0; index < 10_000; index += 1) recent[(round % 20) * 10_000 + index] = { round, list: [index, round] }
    largest = Math.max(largest, v8.getHeapStatistics().used_heap_size)
    await new Promise((done) => setTimeout(done, 1))
  }
  console.log(largest / 2 ** 20, held.length)
`

/** Holds some 10 MiB, makes garbage that has lived for a while, and tells how often all of the heap was collected. */
const countCollections = `
  const profiler = new v8.GCProfiler()
  profiler.start()
  const held = Array.from({ length: 100_000 }, (_, index) => ({ index, name: 'held ' + index }))
  const recent = []
  for (let round = 0; round < 1000; round += 1) {
    for (let index = 0; index < 4000; index += 1) recent[(round % 20) * 4000 + index] = { round, list: [index, round] }
    await new Promise((done) => setTimeout(done, 1))
  }
  const majors = profiler.stop().statistics.filter(({ gcType }) => gcType === 'MarkSweepCompact')
  console.log(majors.length, held.length)
`

async function measure(start: string, work: string): Promise<number> {
  const program = `import v8 from 'node:v8'\nimport { boundHeap, tightenHeap, easeHeap, fillNewSpace } from ${JSON.stringify(source)}\n${start}\n${work}`
  const words = [
    '--expose-gc',
    '--no-warnings',
    '--experimental-strip-types',
    '--input-type=module',
    '-e',
    program,
  ]
  return Number.parseFloat((await promisify(execFile)(process.execPath, words)).stdout)
}

it('new space grows to about the limit and no further', async () => {
  const free = await measure('', growNewSpace)
  const bound = await measure(
    'boundHeap({ narrowBytes: 16 * 2 ** 20, wideBytes: 0, checkEveryMs: 1 })',
    growNewSpace,
  )
  // On a machine with little memory V8's own limit is 16 MiB a half.
  expect(free).toBeGreaterThanOrEqual(32)
  // While a collection goes on, it holds a few pages more.
  expect(bound).toBeLessThan(24)
})

it('new space is given more room when a run is under way, and none where it is large', async () => {
  const start = 'boundHeap({ narrowBytes: 16 * 2 ** 20, wideBytes: 0, checkEveryMs: 1 })'
  const widen = 'easeHeap({ narrowBytes: 0, wideBytes: 64 * 2 ** 20, checkEveryMs: 1 })'
  expect(await measure(`${start}\n${widen}`, growNewSpace)).toBeGreaterThanOrEqual(32)
  expect(await measure(`${start}\ntightenHeap()\n${widen}`, growNewSpace)).toBeLessThan(24)
})

/** Makes 30 MiB of objects that all live, in one step, and tells how large new space is then, in MiB. */
const growAtOnce = `
  const kept = Array.from({ length: 300_000 }, (_, index) => ({ index, name: 'n' + index, list: [index] }))
  const space = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  console.log(space.space_size / 2 ** 20, kept.length)
`

it('new space that was filled to its limit does not grow further within one step', async () => {
  const start = 'boundHeap({ narrowBytes: 16 * 2 ** 20, wideBytes: 0, checkEveryMs: 1 })'
  expect(await measure(start, growAtOnce)).toBeGreaterThanOrEqual(32)
  expect(await measure(`${start}\nfillNewSpace()`, growAtOnce)).toBeLessThan(24)
})

it('a heap under way is collected before it is several times what is held, and that of a large run too', async () => {
  const start = 'boundHeap({ narrowBytes: 16 * 2 ** 20, wideBytes: 16 * 2 ** 20, checkEveryMs: 1 })'
  // What V8 takes by itself depends on how busy the machine is: this is what it takes at most.
  const byMost = "v8.setFlagsFromString('--heap-growing-percent=300')"
  const most = await measure(start, growOldSpace(`${byMost}\ngc()`))
  const eased = await measure(start, growOldSpace('easeHeap()\ngc()'))
  const tight = await measure(start, growOldSpace('tightenHeap()'))
  expect(eased).toBeLessThan(0.8 * most)
  expect(tight).toBeLessThan(0.8 * most)
})

it('a large run that holds little is not collected each time that little is added to it', async () => {
  const start = 'boundHeap({ narrowBytes: 2 ** 20, wideBytes: 2 ** 20, checkEveryMs: 1 })'
  const byShare = await measure(
    `${start}\nv8.setFlagsFromString('--heap-growing-percent=25')`,
    countCollections,
  )
  const tight = await measure(`${start}\ntightenHeap()`, countCollections)
  expect(tight).toBeLessThan(0.8 * byShare)
})
