import { GateError } from './errors.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import { describeReplay } from './measure-units.ts'
import { resolveCheckpoints, resolvePolicy } from './policy/resolve.ts'
import type { Arm, RunDirectory } from './ports.ts'
import { drawFromCorpus, type GateRequest, preparePlan, type SourcePorts } from './prepare.ts'
import { registerNothing } from './registration/nothing.ts'
import { fileLimits, splitIntoFiles } from './replay/batch/split-files.ts'
import type { ChatRequest } from './replay/completion.ts'
import { toRequest } from './replay/replay.ts'
import type { SampledTurn } from './sample/draw.ts'

/** What was written for one arm. */
export interface WrittenBatches {
  /** The checkpoint, and what its server is asked for. */
  checkpoint: string
  model: string
  files: { name: string; requests: number; bytes: number }[]
  /** Whether policy lets the answers be read from a file. */
  allowRecorded: boolean
}

/**
 * Writes what an arm would be asked as input files of the Batch API, for whatever carries them out offline. `custom_id` is
 * the turn's id, by which a recording is read. No endpoint is asked.
 */
export async function writeBatches(
  request: GateRequest,
  options: {
    ports: SourcePorts
    arm: Arm
    directory: Pick<RunDirectory, 'write'>
    /** The address of a request in a file, and its body. */
    describe: (chat: ChatRequest) => { url: string; body: object }
    limits?: typeof fileLimits
  },
): Promise<WrittenBatches> {
  const { ports, arm, directory, describe, limits = fileLimits } = options
  const { commits, policyFile: file } = request
  const resolved = await resolvePolicy({ ...ports, commits, file, graderConfig: graderConfigSchema })
  if (resolved.policy.tools !== null) refuseTools(file)
  const checkpoints = await resolveCheckpoints({ ...ports, commits, pointer: resolved.policy.checkpoint })
  const prepared = await preparePlan({
    ...{ request, ports, resolved, checkpoints },
    registerStanding: async () => registerNothing(checkpoints.candidate),
  })
  const sample = await drawFromCorpus({ ports, resolved, ...prepared, tier: request.run.tier })
  const settings = describeReplay(prepared.plan)
  const write = (turn: SampledTurn) => {
    const chat = toRequest({ turn, arm }, settings)
    return JSON.stringify({ custom_id: chat.customId, method: 'POST', ...describe(chat) })
  }
  const model = settings.models[arm]
  // Only how long they are is kept: what they say is written when it is its turn.
  const sized = sample.turns.map((turn) => ({ turn, model, bytes: Buffer.byteLength(write(turn)) + 1 }))
  requireShort(sized, limits.bytes)
  const files: WrittenBatches['files'] = []
  for (const lines of splitIntoFiles(sized, limits)) {
    const name = `${arm}-${files.length + 1}.jsonl`
    await directory.write(name, writeAll(lines, write))
    files.push({ name, requests: lines.length, bytes: lines.reduce((sum, { bytes }) => sum + bytes, 0) })
  }
  const { allowRecorded } = resolved.policy.replay
  return { checkpoint: checkpoints[arm], model, files, allowRecorded }
}

/** A trajectory goes on from what a call was answered with, and nothing in a file is answered in between. */
function refuseTools(file: string): never {
  throw new GateError({
    code: 'policy',
    message: "a batch can't answer tool calls",
    where: { file, field: 'tools' },
    remedy: 'leave out `tools`, so that the first answer of each turn is judged, or ask live',
  })
}

function* writeAll(
  lines: readonly { turn: SampledTurn }[],
  write: (turn: SampledTurn) => string,
): Generator<string> {
  for (const { turn } of lines) yield write(turn)
}

function requireShort(lines: readonly { turn: SampledTurn; bytes: number }[], limitBytes: number): void {
  const long = lines.find(({ bytes }) => bytes > limitBytes)
  if (long === undefined) return
  throw new GateError({
    code: 'corpus',
    message: `the turn "${long.turn.id}" takes ${long.bytes} bytes, and a file of a batch ${limitBytes}`,
    remedy: 'leave its conversation out of the corpus, or ask live',
  })
}
