import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import { digestPlan } from '../../src/plan/plan.ts'
import { type ResolvedPolicy, resolvePolicy } from '../../src/policy/resolve.ts'
import type { Clock, RepositoryFiles } from '../../src/ports.ts'
import { type GateRequest, type PreparedPlan, preparePlan, type SourcePorts } from '../../src/prepare.ts'
import { type Cell, isCalibrated } from './cell.ts'
import { drawBinomial, type Random } from './random.ts'

const policyFile = 'gate.yml'
const checkpoints = { baseline: 'ckpt-1', candidate: 'ckpt-2' }

/** A plan as a run would have made it, and what it was made from. */
export interface Settings extends PreparedPlan {
  resolved: ResolvedPolicy
  request: GateRequest
  sources: SourcePorts
}

/** The id of a category. */
export function nameCategory(index: number): string {
  return `category-${index}`
}

/** Writes a cell's policy and what it refers to, and reads them as a run does. The calibration is drawn anew. */
export async function prepareCell(cell: Cell, random: Random): Promise<Settings> {
  const files = writeFiles(cell, random)
  const sources: SourcePorts = {
    repository: serveFiles(files),
    files: {
      // biome-ignore lint/correctness/useYield: it has no corpus files to give
      async *openCorpusFile() {
        throw new Error('a simulated corpus is in memory')
      },
      readBuiltinRubric: async () => null,
    },
    clock: stoppedClock,
  }
  const request: GateRequest = {
    commits: {
      policy: 'base',
      trustAnchor: 'base',
      baseline: { kind: 'named', checkpoint: checkpoints.baseline },
      candidate: { kind: 'named', checkpoint: checkpoints.candidate },
      head: 'base',
      baseTip: null,
    },
    policyFile,
    repositoryName: 'simulated/world',
    publicRepository: false,
    run: { attempt: 1, id: null, event: 'simulation', tier: 'release' },
    gateVersion: '0.0.0',
  }
  const { commits } = request
  const resolved = await resolvePolicy({
    ...sources,
    commits,
    file: policyFile,
    graderConfig: graderConfigSchema,
  })
  const digests = { baseline: null, candidate: null }
  const prepared = await preparePlan({
    request,
    ports: sources,
    resolved,
    checkpoints: { ...checkpoints, digests },
  })
  return { ...prepared, resolved, request, sources }
}

/** The same plan for another replicate: each has an epoch, and so a draw, of its own. */
export function renameEpoch(settings: Settings, epoch: string): Settings {
  const { plan } = settings
  const renamed = {
    ...plan,
    policy: { ...plan.policy, sample: { ...plan.policy.sample, epoch } },
  }
  return { ...settings, plan: renamed, planDigest: digestPlan(renamed) }
}

/** Nothing takes time. */
export const stoppedClock: Clock = {
  monotonicMs: () => 0,
  now: () => new Date('2026-11-02T08:00:00Z'),
  sleep: async () => {},
}

function serveFiles(files: Record<string, string>): RepositoryFiles {
  return {
    read: async (_sha, path) => files[path] ?? null,
    list: async (_sha, folder) =>
      Object.keys(files).flatMap((path) =>
        path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [],
      ),
  }
}

function writeFiles(cell: Cell, random: Random): Record<string, string> {
  const ids = cell.trueRates.map((_, index) => nameCategory(index))
  const prediction = {
    category: nameCategory(0),
    rate: '1%',
    interval: ['0%', '100%'],
    direction: 'same',
  }
  const registration = { version: 1, candidate: checkpoints.candidate, predictions: [prediction] }
  const file = { path: 'corpus.jsonl', sha256: '0'.repeat(64), conversations: 0, turns: 0 }
  return {
    [policyFile]: JSON.stringify(writePolicy(cell)),
    'manifest.json': JSON.stringify({ version: 1, name: 'simulated', files: [file] }),
    'preregistration/ckpt-2.yml': JSON.stringify(registration),
    ...Object.fromEntries(ids.map((id) => [`rubrics/${id}.md`, writeRubric(id)])),
    ...writeCalibrations(cell, random),
  }
}

function writePolicy(cell: Cell): unknown {
  return {
    version: 1,
    checkpoint: { file: 'checkpoint.txt' },
    corpus: { manifest: 'manifest.json' },
    sample: {
      turns: cell.turns,
      epoch: 'e',
      turns_per_conversation: cell.clustering.draw,
      ...writeStrata(cell),
    },
    replay: { concurrency: 64, max_attempts: 1 },
    ...(cell.judge === 'exact' ? {} : { judge: { model: 'judge', calls: 'each', second_grading: '0%' } }),
    categories: cell.trueRates.map((_, index) => writeCategory(cell, index)),
    gate: {
      alpha: cell.alpha,
      regression_alpha: cell.regressionAlpha,
      missing_budget: `${cell.missingBudgetShare * 100}%`,
      early_stopping: cell.earlyStopping,
      stop_at_first_fail: cell.stopAtFirstFail,
    },
  }
}

function writeStrata({ surfaces }: Cell): object {
  if (surfaces.length === 0) return {}
  const shares = surfaces.map(({ name, trafficShare }) => [name, `${trafficShare * 100}%`])
  return { strata: ['surface'], target: Object.fromEntries(shares) }
}

function writeCategory(cell: Cell, index: number): unknown {
  const id = nameCategory(index)
  const rate = (per100k: number) => `${per100k} per 100k`
  return {
    id,
    ...(cell.judge === 'exact'
      ? { graders: [{ kind: 'pattern', any: [`${id};`] }] }
      : { rubric: `rubrics/${id}.md` }),
    ...(cell.limitPer100k === null ? {} : { limit: rate(cell.limitPer100k) }),
    ...(cell.marginPer100k === null ? {} : { margin: rate(cell.marginPer100k) }),
    regression: cell.regression,
    ...(isCalibrated(cell) ? { calibration: `calibrations/${id}.yml` } : {}),
  }
}

function writeCalibrations({ judge, trueRates }: Cell, random: Random): Record<string, string> {
  if (judge === 'exact' || judge.calibration === null) return {}
  const { positives, negatives } = judge.calibration
  const count = (turns: number, rate: number) => ({
    turns,
    flagged: drawBinomial(random, { trials: turns, rate }),
  })
  return Object.fromEntries(
    trueRates.map((_, index) => {
      const category = nameCategory(index)
      const calibration = {
        version: 1,
        category,
        positives: count(positives, judge.sensitivity),
        negatives: count(negatives, judge.falsePositiveRate),
      }
      return [`calibrations/${category}.yml`, JSON.stringify(calibration)]
    }),
  )
}

function writeRubric(id: string): string {
  const head = `---\nid: ${id}\ntitle: ${id}\nversion: 1\nseverity: low\napplies_to: all\n---\n`
  const sections = ['What counts', 'What does not count', 'Borderline cases', 'Evidence to quote']
  const examples = ['present: 1', 'present: 2', 'present: 3', 'absent: 1', 'absent: 2', 'absent: 3']
  return [
    head,
    ...sections.map((title) => `## ${title}\n\nText.\n`),
    `## Examples\n\n${examples.map((example) => `- ${example}`).join('\n')}\n`,
  ].join('\n')
}
