// How long the packaged action takes to its first log line, as a ratio to an empty Node process in the same run.
// The limit that the README claims is 12. `npm run bench`
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

const runs = 15
const limit = 12
const action = resolve(import.meta.dirname, '../dist/index.js')

function time(arguments_, untilOutput) {
  return new Promise((done) => {
    const start = performance.now()
    const child = spawn(process.execPath, arguments_, {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let ms
    child.stdout.once('data', () => {
      ms = performance.now() - start
    })
    child.once('close', () => done(untilOutput ? ms : performance.now() - start))
  })
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

await time([action], true)
const empty = []
const first = []
for (let run = 0; run < runs; run += 1) {
  empty.push(await time(['-e', '0'], false))
  first.push(await time([action], true))
}
const ratio = median(first) / median(empty)
console.log(
  `node -e 0: ${median(empty).toFixed(0)} ms; dist/index.js to its first line: ${median(first).toFixed(0)} ms (medians of ${runs})`,
)
console.log(`ratio ${ratio.toFixed(1)}, limit ${limit}: ${ratio <= limit ? 'within' : 'OVER'}`)
process.exitCode = ratio <= limit ? 0 : 1
