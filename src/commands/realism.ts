import { randomBytes } from 'node:crypto'
import { systemClock } from '../adapters/clock.ts'
import { corpusUrlsVariable } from '../adapters/corpus-urls.ts'
import { createFiles, createWorkTree, readTextFile } from '../adapters/files.ts'
import { openRemoteCorpus } from '../adapters/remote-corpus.ts'
import { openRunDirectory } from '../adapters/run-directory.ts'
import { writeWholeFile } from '../adapters/text-file.ts'
import { readPolicy } from '../calibrate/policy.ts'
import { exitCodes } from '../conclusion.ts'
import { GateError } from '../errors.ts'
import { parseRate } from '../policy/rate.ts'
import type { Arm, Log } from '../ports.ts'
import { defaultLimits, type RealismLimits } from '../realism/decide.ts'
import { discriminatorEndpoint } from '../realism/judge-all.ts'
import { measureRealism } from '../realism/measure.ts'
import { listRunPairs } from '../realism/pairs-of-run.ts'
import { renderRealism } from '../realism/render-result.ts'
import { readRecord } from '../record/store.ts'
import { gateVersion } from '../version.ts'
import { connectByOption } from './run.ts'

/** The words of `realism`. */
export interface RealismWords {
  /** The file of pairs. */
  file: string
  endpoints: string[]
  model?: string | undefined
  /** No model is asked. */
  fast: boolean
  pairs?: string | undefined
  controls: string
  within?: string | undefined
  seed: string
  permutations: string
  out?: string | undefined
  json: boolean
  cancelled: AbortSignal
}

/** Measures how distinguishable the simulated rollouts of a file are, prints it and writes it where it is wanted. */
export async function runRealism(
  words: RealismWords,
  log: Log,
  print: (text: string) => void,
): Promise<number> {
  const model = chooseModel(words)
  const request = {
    model,
    pairs: words.pairs === undefined ? null : parseCount('--pairs', { text: words.pairs, least: 1 }),
    controls: parseCount('--controls', { text: words.controls, least: 0 }),
    permutations: parseCount('--permutations', { text: words.permutations, least: 39 }),
    limits: words.within === undefined ? defaultLimits : parseLimits(words.within),
    seed: words.seed,
    gateVersion,
    source: { file: words.file, text: await readTextFile(words.file) },
  }
  const result = await measureRealism(request, {
    connect: connectByOption(words.endpoints, log),
    clock: systemClock,
    log,
    random: Math.random,
    delimiter: randomBytes(8).toString('hex'),
    cancelled: words.cancelled,
  })
  const written = JSON.stringify(result, null, 2)
  if (words.out !== undefined) await writeWholeFile(words.out, [written])
  print(words.json ? written : renderRealism(result))
  if (words.out !== undefined && !words.json) print(`\nResult: ${words.out}`)
  return exitCodes.success
}

function chooseModel({ fast, model, endpoints }: RealismWords): string | null {
  if (fast && (model !== undefined || endpoints.length > 0)) {
    throw refuse('with --fast no model is asked', 'leave out --fast, or --model and --endpoint')
  }
  if (fast) return null
  if (model !== undefined) return model
  throw refuse(
    'it is not said which model the discriminator is',
    `name it with --model, and its address with --endpoint ${discriminatorEndpoint}=url; or ask none, with --fast`,
  )
}

function parseCount(option: string, { text, least }: { text: string; least: number }): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= least) return count
  throw refuse(`"${text}" is no number for ${option}`, `give a whole number of at least ${least}`)
}

/** `45%..55%` */
function parseLimits(text: string): RealismLimits {
  const remedy = 'write two win rates with 50 % between them, such as 45%..55%'
  const [lower, upper, ...others] = text.split('..').map((part) => parseRate(part))
  if (typeof lower !== 'number' || typeof upper !== 'number' || others.length > 0) {
    throw refuse(`"${text}" is no pair of limits`, remedy)
  }
  if (lower < 50_000 && upper > 50_000) return { lower: lower / 100_000, upper: upper / 100_000 }
  throw refuse(`50 % does not lie between the limits "${text}"`, remedy)
}

function refuse(message: string, remedy: string): GateError {
  return new GateError({ code: 'usage', message, remedy })
}

/** The words of `realism pairs`. */
export interface RealismPairsWords {
  run: string
  arm: Arm
  out: string
  folder: string
  policy: string
  corpusDir?: string | undefined
  rubrics: string
}

/** Writes the pairs of a run with its corpus. */
export async function writeRunPairs(
  words: RealismPairsWords,
  print: (text: string) => void,
): Promise<number> {
  const { run, arm, out, folder, policy, corpusDir, rubrics } = words
  const repository = createWorkTree(folder)
  const sha = 'work tree'
  const { manifest: file } = (await readPolicy({ repository, sha, file: policy })).corpus
  const text = await repository.read(sha, file)
  if (text === null) {
    throw new GateError({
      code: 'corpus',
      message: 'the corpus manifest is not there',
      where: { file },
      remedy: 'give the repository of the run with --dir, and its policy with --policy',
    })
  }
  const { pairs, leftOut } = await listRunPairs({
    record: await readRecord(await openRunDirectory(run, { make: false })),
    arm,
    manifest: { file, text },
    files: createFiles({
      corpus: corpusDir ?? folder,
      rubrics,
      remote: openRemoteCorpus(process.env[corpusUrlsVariable]),
    }),
    now: systemClock.now(),
  })
  await writeWholeFile(
    out,
    pairs.map((pair) => JSON.stringify(pair)),
  )
  const left = [...leftOut].map(([reason, count]) => `${reason} ${count}`)
  const others = left.length === 0 ? '' : `; left out: ${left.join(', ')}`
  print(`${pairs.length} pairs of the ${arm} in ${out}${others}`)
  print('They hold what users wrote: keep them out of git, as you keep the corpus.')
  return exitCodes.success
}
