// What it takes to draw turns from a large corpus: time as ratios within one run, and peak memory. Each measurement is a
// process of its own.
//
// - `parse`: JSON.parse of every line of the plain file, split by hand; `zcat`: `zcat FILE | wc -l`;
// - `index`: `corpus index` of the plain file, against `parse`;
// - `draw`: one conversation in 26 from the index, in each format, against `parse`, and from gzip against `zcat`; and the
//   same without an index;
// - memory: one conversation in 13, in each format, with and without an index, of the corpus and of a tenth of it.
//
//   node bench/corpus.ts [conversations=130000] [rounds=3] [folder] [formats=plain,gzip,zstd,parquet]
import { execFileSync, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { writeCorpus } from './corpus-files.ts'
import { corpusFiles, type Format, type Outcome, type Task } from './corpus-task.ts'

const limits = { drawPlain: 0.5, drawGzip: 0.6, index: 1.5, peakMiB: 300 }
const work = await mkdtemp(join(tmpdir(), 'corpus-bench-'))

/** Runs a task as it is shipped: bundled, without types. */
function run(task: Task): Promise<Outcome> {
  const child = fork(join(work, 'task.mjs'), [JSON.stringify(task)])
  return new Promise((done, fail) => {
    child.once('message', (outcome) => done(outcome as Outcome))
    child.once('exit', (code) => code !== 0 && fail(new Error(`${JSON.stringify(task)} ended with ${code}`)))
  })
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

let isOver = false

function judge(value: number, limit: number | null): string {
  if (limit === null) return ''
  if (value > limit) isOver = true
  return `: ${value <= limit ? 'within' : 'OVER'} ${limit}`
}

async function compareTimes(
  folder: string,
  { turns, rounds, formats }: { turns: number; rounds: number; formats: readonly Format[] },
) {
  const tasks: { name: string; task: Task; against: 'parse' | 'zcat'; limit: number | null }[] = [
    {
      name: 'corpus index',
      task: { kind: 'index', folder, format: 'plain' },
      against: 'parse',
      limit: limits.index,
    },
    ...formats.flatMap((format) =>
      [true, false].map((indexed) => ({
        name: `drawing ${turns} from ${format}${indexed ? ' by the index' : ''}`,
        task: { kind: 'draw', folder, format, turns, indexed } as const,
        against: format === 'gzip' ? ('zcat' as const) : ('parse' as const),
        limit: indexed
          ? (({ plain: limits.drawPlain, gzip: limits.drawGzip } as Partial<Record<Format, number>>)[
              format
            ] ?? null)
          : null,
      })),
    ),
  ]
  const bases = { parse: [] as number[], zcat: [] as number[] }
  const ratios = tasks.map(() => [] as number[])
  const digests = new Set<string>()
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { task, against }] of tasks.entries()) {
      const base =
        against === 'parse'
          ? (await run({ kind: 'parse', folder, format: 'plain' })).seconds
          : timeZcat(join(folder, corpusFiles.gzip))
      const { seconds, digest } = await run(task)
      bases[against].push(base)
      ratios[index]?.push(seconds / base)
      if (task.kind === 'draw') digests.add(digest)
    }
  }
  console.log(
    `parsing every line: ${median(bases.parse).toFixed(2)} s; zcat | wc -l: ${median(bases.zcat).toFixed(2)} s`,
  )
  for (const [index, { name, against, limit }] of tasks.entries()) {
    const ratio = median(ratios[index] ?? [])
    console.log(`${name}: ${ratio.toFixed(2)} of ${against}${judge(ratio, limit)}`)
  }
  console.log(
    `the draws are ${digests.size === 1 ? 'the same' : 'NOT the same'} in all formats, with and without index`,
  )
  if (digests.size !== 1) isOver = true
}

function timeZcat(file: string): number {
  const start = performance.now()
  execFileSync('sh', ['-c', 'zcat "$0" | wc -l', file])
  return (performance.now() - start) / 1000
}

/** As many turns of each corpus, so that only the corpus differs. */
async function compareMemory(
  corpora: readonly { conversations: number; folder: string }[],
  { turns, formats }: { turns: number; formats: readonly Format[] },
): Promise<void> {
  for (const format of formats) {
    for (const indexed of [true, false]) {
      for (const { conversations, folder } of corpora) {
        const { peakMiB } = await run({ kind: 'draw', folder, format, turns, indexed })
        const way = indexed ? ' by the index' : ''
        console.log(
          `memory, ${turns} of ${conversations} from ${format}${way}: ${peakMiB} MiB${judge(peakMiB, limits.peakMiB)}`,
        )
      }
    }
  }
}

async function prepare({
  folder,
  conversations,
  formats,
}: {
  folder: string
  conversations: number
  formats: readonly Format[]
}): Promise<void> {
  await mkdir(folder, { recursive: true })
  // Files that an earlier run has left in a folder of its own are taken as they are.
  if (!existsSync(join(folder, corpusFiles.parquet))) await writeCorpus(folder, conversations)
  for (const format of formats) {
    const { seconds, peakMiB } = await run({ kind: 'index', folder, format })
    console.log(
      `corpus index of ${conversations}, ${format}: ${seconds.toFixed(1)} s, ${peakMiB} MiB at most`,
    )
  }
}

async function main(words: string[]): Promise<void> {
  const conversations = Number(words[0] ?? 130_000)
  const rounds = Number(words[1] ?? 3)
  const folder = words[2] ?? work
  const formats = (words[3]?.split(',') ?? Object.keys(corpusFiles)) as Format[]
  const large = join(folder, String(conversations))
  const small = join(folder, String(conversations / 10))
  try {
    await build({
      entryPoints: { task: join(import.meta.dirname, 'corpus-task.ts') },
      outdir: work,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    })
    await prepare({ folder: large, conversations, formats })
    await prepare({ folder: small, conversations: conversations / 10, formats })
    await compareTimes(large, { turns: Math.round(conversations / 26), rounds, formats })
    await compareMemory(
      [
        { conversations, folder: large },
        { conversations: conversations / 10, folder: small },
      ],
      { turns: Math.round(conversations / 13), formats },
    )
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  if (isOver) process.exitCode = 1
}

await main(process.argv.slice(2))
