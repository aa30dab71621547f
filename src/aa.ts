import { decideRecord } from './decide-record.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import { measure } from './measure.ts'
import { type ResolvedPolicy, resolveCheckpoints, resolvePolicy } from './policy/resolve.ts'
import type { RunDirectory } from './ports.ts'
import { drawFromCorpus, type GatePorts, type GateRequest, preparePlan } from './prepare.ts'
import { writeRecord } from './record/store.ts'
import { registerNothing } from './registration/nothing.ts'
import { type AaResult, describeAa } from './report/aa.ts'

/** The file that an A/A run writes beside its record. It writes no verdict: nothing was decided about a candidate. */
export const aaFile = 'aa.json'

/** What a run of the baseline against itself ends with. */
export interface AaRun {
  result: AaResult
  directory: RunDirectory
}

/**
 * Replays the served checkpoint against itself: two replays of the same prefixes by the same endpoint, measured,
 * graded and decided as a candidate's would be. Every turn is asked, so that all of them are compared.
 */
export async function runAa(
  request: GateRequest,
  ports: GatePorts,
  options: { runsPerYear: number },
): Promise<AaRun> {
  const commits = { ...request.commits, candidate: request.commits.baseline, baseTip: null }
  const aaRequest = { ...request, commits }
  const resolved = askEveryTurn(
    await resolvePolicy({
      ...ports,
      commits,
      file: request.policyFile,
      graderConfig: graderConfigSchema,
    }),
  )
  const checkpoints = await resolveCheckpoints({ ...ports, commits, pointer: resolved.policy.checkpoint })
  const registration = registerNothing(checkpoints.baseline)
  const prepared = await preparePlan({ request: aaRequest, ports, resolved, checkpoints, registration })
  const directory = await ports.openDirectory()
  const { tier } = request.run
  const sample = await drawFromCorpus({ ports, resolved, ...prepared, tier })
  const record = await measure({
    request: aaRequest,
    ports: { ...ports, connect: (name) => ports.connect(name === 'candidate' ? 'baseline' : name) },
    resolved,
    ...prepared,
    sample,
    directory,
  })
  await writeRecord(directory, record)
  const result = describeAa({ ...decideRecord(record), ...options })
  await directory.write(aaFile, [JSON.stringify(result, null, 2)])
  return { result, directory }
}

function askEveryTurn(resolved: ResolvedPolicy): ResolvedPolicy {
  const gate = { ...resolved.policy.gate, earlyStopping: 'off' as const }
  return { ...resolved, policy: { ...resolved.policy, gate } }
}
