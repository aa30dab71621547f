import { randomBytes } from 'node:crypto'
import { systemClock } from '../adapters/clock.ts'
import { createFiles, createWorkTree, readTextFile } from '../adapters/files.ts'
import { readOptionalFile, writeWholeFile } from '../adapters/text-file.ts'
import { type CalibrationPorts, type CalibrationRun, calibrate } from '../calibrate.ts'
import { exitCodes } from '../conclusion.ts'
import { GateError } from '../errors.ts'
import { calibrationRecordSchema } from '../policy/calibration.ts'
import { parseSource } from '../policy/document.ts'
import type { Log } from '../ports.ts'
import { renderCalibration } from '../report/calibration.ts'
import { gateVersion } from '../version.ts'
import { connectByOption } from './run.ts'

/** What `calibrate` is given. */
export interface CalibrateOptions {
  folder: string
  policy: string
  sets: string[]
  categories: string[]
  endpoints: string[]
  /** The file of the record. */
  out: string
  /** No second grading. */
  once: boolean
  rubrics: string
  cancelled: AbortSignal
}

/** Tries the policy's graders on labelled sets, writes the record and prints what it shows. */
export async function runCalibrate(
  options: CalibrateOptions,
  log: Log,
  print: (text: string) => void,
): Promise<number> {
  const { out, sets } = options
  const replaced = await listReplaced(out)
  const given = await Promise.all(sets.map(async (file) => ({ file, text: await readTextFile(file) })))
  const run = await calibrate(
    {
      sha: 'work tree',
      policyFile: options.policy,
      sets: given,
      categories: options.categories,
      once: options.once,
      gateVersion,
      replaced: { file: out, categories: replaced },
    },
    createPorts(options, log),
  )
  await writeWholeFile(out, [JSON.stringify(run.record, null, 2)])
  print(renderCalibration(run))
  print(`\nRecord: ${out}${sayUse(run)}`)
  return exitCodes.success
}

function createPorts(options: CalibrateOptions, log: Log): CalibrationPorts {
  const { folder, rubrics, cancelled } = options
  return {
    repository: createWorkTree(folder),
    files: createFiles({ corpus: folder, rubrics }),
    clock: systemClock,
    connect: connectByOption(options.endpoints, log),
    log,
    random: Math.random,
    delimiter: randomBytes(8).toString('hex'),
    cancelled,
  }
}

/** Names the record where the policy does not. */
function sayUse({ record, policy }: CalibrationRun): string {
  const ids = Object.keys(record.categories)
  const named = policy.categories.filter(({ id }) => ids.includes(id)).map(({ calibration }) => calibration)
  return named.every((file) => file !== null && !file.endsWith('.jsonl'))
    ? '. Commit it: the policy is read from the base branch.'
    : '. Commit it, and name it in the policy as the `calibration` of each of these categories.'
}

/**
 * The categories of the record that lies where the new one is to be written; none where nothing is there.
 * @throws GateError for a file that is no such record: it would be lost
 */
async function listReplaced(file: string): Promise<string[]> {
  const text = await readOptionalFile(file)
  if (text === null) return []
  try {
    return Object.keys(parseSource({ file, text }, calibrationRecordSchema, 'usage').categories)
  } catch (cause) {
    throw new GateError({
      code: 'usage',
      message: 'the file is there, and is no record of `calibrate`: it would be lost',
      where: { file },
      remedy: 'name another file with --out, or remove this one',
      cause,
    })
  }
}
