import { posix } from 'node:path'
import { aaFile, runAa } from '../aa.ts'
import { openRunDirectory } from '../adapters/run-directory.ts'
import { readOptionalFile, writeWholeFile } from '../adapters/text-file.ts'
import { exitCodes } from '../conclusion.ts'
import { GateError } from '../errors.ts'
import { weeklyRuns } from '../forecast-run.ts'
import type { Log } from '../ports.ts'
import { readRecord } from '../record/store.ts'
import type { NamedRecord } from '../register/past.ts'
import { parseTold, type ToldWords } from '../register/told.ts'
import { type DraftedRegistration, draftRegistration } from '../register.ts'
import { writeRegistration } from '../registration/write.ts'
import { countProblems } from '../report/forecast/describe.ts'
import { describeDraft } from '../report/registration/draft-comments.ts'
import { createGatePorts, createRequest, type GateOptions } from './run.ts'

/** What `register` is given. */
export interface RegisterOptions extends Omit<GateOptions, 'out' | 'tier'>, ToldWords {
  /** The directories of earlier runs. */
  from: string[]
  /** Replay the baseline first. */
  replay: boolean
  /** Where the replay is written. */
  runDir: string
  round: string
  /** The registration's file; without one it is printed. */
  out?: string | undefined
  force: boolean
}

/** Drafts a registration, and writes or prints it. */
export async function runRegister(
  options: RegisterOptions,
  log: Log,
  print: (text: string) => void,
): Promise<number> {
  const told = parseTold(options)
  const round = parseRound(options.round)
  requireSource(options, told.size)
  await requireFree(options)
  const gateOptions: GateOptions = { ...options, tier: 'release', out: options.runDir }
  const request = await createRequest(gateOptions)
  const ports = createGatePorts(gateOptions, log)
  const replayed = options.replay ? [await replay({ request, ports, log })] : []
  const records = [...(await readRecords(options.from)), ...replayed]
  const drafted = await draftRegistration(request, ports, { records, told, round, force: options.force })
  const text = writeRegistration(drafted.registration, describeDraft(drafted))
  if (options.out === undefined) print(text.trimEnd())
  else await writeWholeFile(options.out, text.trimEnd().split('\n'))
  return reportDraft({ drafted, out: options.out, log })
}

async function replay(parts: {
  request: Parameters<typeof runAa>[0]
  ports: Parameters<typeof runAa>[1]
  log: Log
}): Promise<NamedRecord> {
  const { request, ports, log } = parts
  const { directory } = await runAa(request, ports, { runsPerYear: weeklyRuns })
  log.info(
    `The replay is in ${directory.path} (${aaFile} says what it shows of the gate): --from takes it again.`,
  )
  return { run: directory.path, record: await readRecord(directory) }
}

async function readRecords(folders: readonly string[]): Promise<NamedRecord[]> {
  return Promise.all(
    folders.map(async (folder) => {
      const directory = await openRunDirectory(folder, { make: false })
      return { run: directory.path, record: await readRecord(directory) }
    }),
  )
}

/** What is left to do, beside the text: that may go into a file. */
function reportDraft(parts: { drafted: DraftedRegistration; out: string | undefined; log: Log }): number {
  const { drafted, out, log } = parts
  const problems = countProblems(drafted.tests)
  for (const { id, problems: found } of drafted.tests.categories) {
    for (const { message, remedy } of found) log.warning(`${id} is ${message}; ${remedy}`)
  }
  log.info(
    out === undefined
      ? `Commit it as ${drafted.file}, or under any other name in that folder.`
      : `Written to ${out}. Commit it before the run; any name in ${posix.dirname(drafted.file)}/ will do.`,
  )
  return problems === 0 ? exitCodes.success : exitCodes.noVerdict
}

function requireSource({ from, replay: isReplayed, endpoints }: RegisterOptions, told: number): void {
  if (!isReplayed && endpoints.length > 0) {
    throw new GateError({
      code: 'usage',
      message: 'a draft asks no endpoint',
      remedy: 'leave --endpoint out, or add --replay to measure the served checkpoint first',
    })
  }
  if (isReplayed || from.length > 0 || told > 0) return
  throw new GateError({
    code: 'usage',
    message: 'there is nothing to draft from',
    remedy:
      'name a run of the served checkpoint with --from RUN_DIR, measure it with --replay, or tell what you expect with --rate category=0.5%',
  })
}

/** Asked before anything is measured: what was written by hand is not lost. */
async function requireFree({ out, force }: RegisterOptions): Promise<void> {
  if (out === undefined || force || (await readOptionalFile(out)) === null) return
  throw new GateError({
    code: 'usage',
    message: 'the file is there already',
    where: { file: out },
    remedy: 'name another with --out, or give --force to replace it',
  })
}

function parseRound(text: string): number {
  const round = Number(text)
  if (Number.isInteger(round) && round >= 1 && round <= 100) return round
  throw new GateError({
    code: 'usage',
    message: `"${text}" is not a round`,
    remedy: 'give which sample of turns this is for the candidate: 1, or 2 after a first epoch was measured',
  })
}
