import { createHash } from 'node:crypto'
import type { ConnectedTools } from './connect-tools.ts'
import { parseManifest } from './corpus/manifest.ts'
import { readTombstones, type Tombstones } from './corpus/tombstones.ts'
import { GateError } from './errors.ts'
import { listRubrics } from './grade/grade.ts'
import { type LoadedRubrics, loadRubrics } from './grade/rubrics.ts'
import { deriveSeed, digestPlan, makePlan, type Plan } from './plan/plan.ts'
import type { PlannedRealism } from './plan/tools.ts'
import type { Commits } from './policy/commits.ts'
import { formatPath } from './policy/document.ts'
import { checkJudge } from './policy/load.ts'
import { checkPrices } from './policy/prices.ts'
import { readDocuments } from './policy/read-documents.ts'
import { parseRealismResult } from './policy/realism-result.ts'
import type { Checkpoints, ResolvedPolicy } from './policy/resolve.ts'
import type { ToolsPolicy } from './policy/tools-policy.ts'
import type { Baselines, Clock, Files, Log, ModelClient, RepositoryFiles, RunDirectory } from './ports.ts'
import { type RunLabelledSets, readCalibrations } from './prepare-calibrations.ts'
import type { RecordSummary } from './record/schema.ts'
import { findRegistration, type LoadedRegistration, peekCandidate } from './registration/load.ts'
import type { Sample } from './sample/draw.ts'
import { drawCorpus } from './sample/draw-corpus.ts'
import { takeFirst } from './sample/take-first.ts'

/** What a run is asked to do. */
export interface GateRequest {
  commits: Commits
  policyFile: string
  /** `owner/name`: a part of the seed of the draw. */
  repositoryName: string
  publicRepository: boolean
  run: RecordSummary['run']
  gateVersion: string
}

/** What a plan is read from. */
export interface SourcePorts {
  repository: RepositoryFiles
  files: Files
  clock: Clock
}

/** The world, as far as the gate touches it. */
export interface GatePorts extends SourcePorts {
  openDirectory: () => Promise<RunDirectory>
  /** Rejects with GateError when the endpoint has no address. */
  connect: (endpoint: string) => Promise<ModelClient>
  log: Log
  /** The servers of a policy's connectors; where it is left out there are none. */
  connectTools?: (connectors: ToolsPolicy['connectors']) => ConnectedTools[]
  /** Numbers in [0, 1), for the jitter of retries. */
  random: () => number
  /** Hex digits that nothing under test can know. */
  delimiter: string
  cancelled: AbortSignal
  /** How long the job that this runs in lets it measure; left out where nothing ends it. */
  jobMinutes?: number | null
  /** Where earlier runs have kept their baselines; left out where nothing does. */
  baselines?: Baselines | null
}

/** A plan, and what is needed beside it to carry it out. */
export interface PreparedPlan {
  plan: Plan
  /** Labelled sets that the run grades beside the turns. */
  labelledSets: RunLabelledSets
  planDigest: string
  rubrics: LoadedRubrics
  registration: LoadedRegistration
  registrationIn: RecordSummary['commits']['registration']
  manifestText: string
  /** Conversations that are never drawn. They are no part of the plan: who is forgotten changes no rule. */
  tombstones: Tombstones
}

/** Reads what the policy refers to and fixes it in a plan. */
export async function preparePlan(parts: {
  request: GateRequest
  ports: SourcePorts
  resolved: ResolvedPolicy
  checkpoints: Checkpoints
  /** Taken in place of the one that the repository has for the candidate. */
  registration?: LoadedRegistration
  /** Makes one where policy lets the gate register by itself, and no file names the candidate. */
  registerStanding?: (rubrics: LoadedRubrics) => Promise<LoadedRegistration>
}): Promise<PreparedPlan> {
  const { request, ports, resolved, checkpoints } = parts
  const { policy } = resolved
  if (resolved.installs) throw refuseInstallation(resolved.file)
  checkJudge({
    policy,
    file: resolved.file,
    checkpoints: [checkpoints.baseline, checkpoints.candidate],
  })
  checkPrices({
    policy,
    file: resolved.file,
    checkpoints: [checkpoints.baseline, checkpoints.candidate],
  })
  checkRetention(request, resolved)
  const { commits } = request
  const rubrics = await loadRubrics({
    ...ports,
    references: listRubrics(policy.categories),
    sha: commits.policy,
  })
  const registration = parts.registration ?? (await readRegistered({ ...parts, rubrics }))
  const { calibrations, controls, sets } = await readCalibrations({ ports, sha: commits.policy, policy })
  const manifestFile = policy.corpus.manifest
  const manifestText = await readManifest({ ports, sha: commits.policy, file: manifestFile })
  const manifest = parseManifest({ file: manifestFile, text: manifestText })
  const plan = makePlan({
    policy,
    registration: registration.registration,
    rubrics: rubrics.texts,
    calibrations,
    controls,
    corpus: {
      name: manifest.name,
      manifestSha256: createHash('sha256').update(manifestText).digest('hex'),
    },
    realism: await readRealism({ ports, sha: commits.policy, policy }),
    repository: request.repositoryName,
    ...checkpoints,
  })
  return {
    plan,
    planDigest: digestPlan(plan),
    labelledSets: sets,
    rubrics,
    registration,
    registrationIn: await findRegistrationPlace({ ports, commits, registration }),
    manifestText,
    tombstones: await readTombstones({ ...ports, sha: commits.policy, manifest, manifestFile }),
  }
}

async function readRegistered(parts: {
  request: GateRequest
  ports: SourcePorts
  resolved: ResolvedPolicy
  checkpoints: Checkpoints
  rubrics: LoadedRubrics
  registerStanding?: (rubrics: LoadedRubrics) => Promise<LoadedRegistration>
}): Promise<LoadedRegistration> {
  const { request, ports, resolved, checkpoints, rubrics, registerStanding } = parts
  const { policy } = resolved
  const { candidate } = checkpoints
  const files = await readDocuments({ ...ports, sha: request.commits.head, folder: policy.registrations })
  const isNamed = files.some((file) => peekCandidate(file) === candidate)
  return policy.registration === 'standing' && !isNamed && registerStanding !== undefined
    ? registerStanding(rubrics)
    : findRegistration({ files, candidate, policy })
}

/** What was measured of the realism of simulated tools, where policy names it: from the commit that it is read from. */
async function readRealism(source: {
  ports: SourcePorts
  sha: string
  policy: ResolvedPolicy['policy']
}): Promise<PlannedRealism | null> {
  const { ports, sha, policy } = source
  if (policy.realism === null) return null
  const file = policy.realism.result
  const text = await ports.repository.read(sha, file)
  return { required: policy.realism, result: text === null ? null : parseRealismResult({ file, text }) }
}

/** A registration of a work tree is in a commit when what was checked out has the same. */
async function findRegistrationPlace(request: {
  ports: SourcePorts
  commits: Commits
  registration: LoadedRegistration
}): Promise<PreparedPlan['registrationIn']> {
  const { ports, commits, registration } = request
  const { checkedOut } = commits
  if (checkedOut === undefined) return 'commit'
  const committed = checkedOut === null ? null : await ports.repository.read(checkedOut, registration.file)
  // Git may have changed the line ends when it checked the file out.
  const normalize = (text: string | null) => text?.replaceAll('\r\n', '\n')
  return normalize(committed) === normalize(registration.text) ? 'commit' : 'work-tree'
}

async function readManifest(request: { ports: SourcePorts; sha: string; file: string }): Promise<string> {
  const text = await request.ports.repository.read(request.sha, request.file)
  if (text !== null) return text
  throw new GateError({
    code: 'corpus',
    message: 'the corpus manifest is not there',
    where: { file: request.file },
    remedy:
      'write it with `checkpoint-gate corpus manifest` and commit it, or correct `corpus.manifest` in the policy',
  })
}

/** Draws the plan's turns. */
export async function drawFromCorpus(parts: {
  ports: SourcePorts
  resolved: ResolvedPolicy
  plan: Plan
  manifestText: string
  tombstones: Tombstones
  tier: 'smoke' | 'release'
}): Promise<Sample> {
  const { ports, resolved, plan, manifestText, tombstones, tier } = parts
  const { policy } = resolved
  const file = policy.corpus.manifest
  const sample = await drawCorpus({
    manifest: parseManifest({ file, text: manifestText }),
    files: ports.files,
    tombstones,
    seed: deriveSeed(plan),
    turns: policy.sample.turns,
    turnsPerConversation: policy.sample.turnsPerConversation,
    strata: policy.sample.strata,
    target: policy.sample.target,
    slices: policy.slices,
    now: ports.clock.now(),
    keepsAfter: policy.tools !== null,
  })
  checkStrata(sample, resolved)
  if (sample.turns.length > 0) return tier === 'smoke' ? takeFirst(sample, policy.sample.smokeTurns) : sample
  throw new GateError({
    code: 'corpus',
    message: describeNothing(sample),
    where: { file },
    remedy: 'a gate needs conversations to replay: add some and write the manifest anew',
  })
}

function describeNothing({ counts }: Sample): string {
  const { conversationsExpired, conversationsErased, conversationsWithoutConsent } = counts
  if (conversationsErased + conversationsWithoutConsent > 0) {
    return 'no conversation of the corpus may be replayed: all have expired, were erased or lack consent'
  }
  return conversationsExpired > 0 ? 'every conversation of the corpus has expired' : 'the corpus is empty'
}

/** A key that no conversation has divides nothing: it is mistyped, or the corpus lacks what the policy asks for. */
function checkStrata({ counts, turns }: Sample, { policy, file }: ResolvedPolicy): void {
  policy.sample.strata.forEach((key, index) => {
    const none = `${key.replace(/^metadata\./, '')}=none`
    const isMissing = counts.strata.every(({ name }) => name.split(', ')[index] === none)
    if (turns.length === 0 || !isMissing) return
    throw new GateError({
      code: 'policy',
      message: `no conversation of the corpus has "${key}" in its metadata`,
      where: { file, field: formatPath(['sample', 'strata', index]) },
      remedy: 'correct the key, or leave it out',
    })
  })
}

function refuseInstallation(file: string): GateError {
  return new GateError({
    code: 'policy',
    message: 'this change installs the gate and changes the checkpoint: no policy on the base can judge it',
    where: { file },
    remedy: 'merge the policy first, without the checkpoint; then open a pull request with the checkpoint',
  })
}

function checkRetention(request: GateRequest, resolved: ResolvedPolicy): void {
  const { policy, file } = resolved
  if (policy.retainText === 'none' || !request.publicRepository || policy.retainTextPublic) return
  throw new GateError({
    code: 'policy',
    message: 'completions would be published: `retain_text: artifact` on a public repository',
    where: { file, field: 'retain_text' },
    remedy: 'leave `retain_text` out, or set `retain_text_public: true` if everyone may read the completions',
  })
}
