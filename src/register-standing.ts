import { findAcceptance } from './accept-failure.ts'
import type { LoadedRubrics } from './grade/rubrics.ts'
import { chooseRound, type ReadAttempt } from './history/settle.ts'
import { draftStanding, refuseStanding, standingFile } from './history/standing.ts'
import { readPast } from './past.ts'
import type { Checkpoints, ResolvedPolicy } from './policy/resolve.ts'
import type { Policy } from './policy/schema.ts'
import type { GateRequest } from './prepare.ts'
import { nameRun } from './record/history.ts'
import { readRecord } from './record/store.ts'
import { type LoadedRegistration, listMisfits } from './registration/load.ts'
import type { Registration } from './registration/schema.ts'
import { writeRegistration } from './registration/write.ts'
import type { HistoryPorts, RecalledPast } from './settle-past.ts'

/**
 * Registers, by itself, that the candidate is the same as the last release. What an earlier attempt has registered so is
 * taken over: what is known of the baseline by now must not change it.
 * @throws GateError when nothing is known of the baseline
 */
export async function registerStanding(parts: {
  request: GateRequest
  ports: HistoryPorts
  resolved: ResolvedPolicy
  checkpoints: Checkpoints
  recalled: RecalledPast
  rubrics: LoadedRubrics
}): Promise<LoadedRegistration> {
  const { request, ports, resolved, checkpoints, recalled, rubrics } = parts
  const { policy } = resolved
  const { baseline, candidate } = checkpoints
  const refuse = (cause: string) =>
    refuseStanding({ baseline, candidate, folder: policy.registrations, cause })
  if (recalled.kind !== 'known') throw refuse('no attempts can be read here')
  const { attempts } = recalled.past
  const round = chooseRound(attempts, policy.sample.epoch)
  const before = attempts.find(
    ({ began, doubts }) => began?.registration.from === 'standing' && doubts.length === 0,
  )?.began?.registration
  if (before !== undefined) return loadAgain({ ...before.value, round }, policy)
  const { asked } = recalled
  const past = await readPast({ ...asked, key: { ...asked.key, candidate: baseline } })
  const released = await findReleased({ ports, request, resolved, attempts: past.attempts, baseline })
  const directory = released === null ? undefined : past.directories.get(released)
  if (directory === undefined) throw refuse('no complete run that passed or was accepted is kept')
  return draftStanding({
    policy,
    rubrics: rubrics.texts,
    baseline,
    candidate,
    past: await readRecord(directory),
    round,
  }).loaded
}

function loadAgain(registration: Registration, policy: Policy): LoadedRegistration {
  const text = writeRegistration(registration, { head: [], predictions: new Map() })
  const [misfit] = listMisfits({ source: { file: standingFile, text }, registration, policy })
  if (misfit !== undefined) throw misfit
  return { file: standingFile, from: 'standing', text, registration }
}

/** The folder of the last complete run by which a checkpoint was let through. */
async function findReleased(parts: {
  ports: HistoryPorts
  request: GateRequest
  resolved: ResolvedPolicy
  attempts: readonly ReadAttempt[]
  baseline: string
}): Promise<string | null> {
  const { ports, request, resolved, attempts, baseline } = parts
  const { policy } = resolved
  for (const { run, ended, doubts } of attempts.toReversed()) {
    if (doubts.length > 0 || ended?.kind !== 'read' || !ended.complete || !ended.decidable) continue
    if (ended.verdict === 'pass') return ended.folder
    if (ended.verdict !== 'fail') continue
    const { commits } = request
    const accepted = await findAcceptance({
      ports,
      policy,
      commits,
      candidate: baseline,
      runs: [nameRun(run)],
    })
    if (accepted !== null) return ended.folder
  }
  return null
}
