// Simulates worlds of known rates, lets the gate judge them, and writes down how often it was right.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Cell } from './simulate/cell.ts'
import { listCells } from './simulate/cells.ts'
import { checkPromises, type Finding } from './simulate/findings.ts'
import { runCells } from './simulate/pool.ts'
import { renderEvidence } from './simulate/render.ts'
import { formatShare } from './simulate/share.ts'
import type { Tally } from './simulate/tally.ts'

const usage = `npm run simulate [-- options]

  --quick         a twentieth of the replicates, to the terminal
  --only NAME     cells whose name begins so, to the terminal; repeatable
  --seed TEXT     another seed (default: evidence-1)
  --workers N     threads (default: 2)
  --out FILE      where to write (default, of the whole run: docs/statistics-evidence.md)
  --list          the names of the cells`

const defaultSeed = 'evidence-1'
const document = resolve(import.meta.dirname, '..', 'docs', 'statistics-evidence.md')
/** Of the replicates in a quick run. */
const quickShare = 0.05
const fewestReplicates = 40

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string', default: defaultSeed },
      workers: { type: 'string', default: '2' },
      out: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const cells = chooseCells(values)
  if (values.help) return console.log(usage)
  if (values.list) return console.log(cells.map(({ name }) => name).join('\n'))
  if (cells.length === 0) throw new Error(`no cell is called ${values.only.join(' or ')}: see --list`)
  const { seed } = values
  const tallies = await runCells({
    cells,
    seed,
    workers: Number(values.workers),
    onCell: report(cells.length),
  })
  const findings = cells.flatMap((cell): Finding[] => {
    const tally = tallies.get(cell.name)
    return tally === undefined ? [] : [{ cell, tally }]
  })
  const whole = !values.quick && values.only.length === 0
  const out = values.out ?? (whole ? document : null)
  const text = renderEvidence({ findings, seed, command: nameCommand(values) })
  if (out === null) console.log(text)
  else writeFileSync(out, text)
  if (findings.flatMap(checkPromises).some(({ kept }) => !kept)) process.exitCode = 1
}

function chooseCells({ only, quick }: { only: string[]; quick: boolean }): Cell[] {
  return listCells()
    .filter(({ name }) => only.length === 0 || only.some((prefix) => name.startsWith(prefix)))
    .map((cell) =>
      quick
        ? { ...cell, replicates: Math.max(fewestReplicates, Math.round(cell.replicates * quickShare)) }
        : cell,
    )
}

function nameCommand({ only, quick }: { only: string[]; quick: boolean }): string {
  const options = [...(quick ? ['--quick'] : []), ...only.map((name) => `--only ${name}`)]
  return ['npm run simulate', ...(options.length === 0 ? [] : ['--', ...options])].join(' ')
}

function report(count: number): (cell: Cell, tally: Tally) => void {
  const started = performance.now()
  let done = 0
  return ({ name }, { pass, fail, inconclusive, replicates: of }) => {
    done += 1
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    const [passed, failed, open] = [pass, fail, inconclusive].map((counted) =>
      formatShare({ count: counted, of }),
    )
    console.error(
      `${done}/${count} ${seconds} s  ${name}: PASS ${passed}, FAIL ${failed}, INCONCLUSIVE ${open}`,
    )
  }
}

await main()
