import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { formatJsonLines, writeJsonLines } from '../../examples/real-data/write-corpus.ts'
import { createFiles, createWorkTree } from '../../src/adapters/files.ts'
import { openRecording } from '../../src/adapters/recorded-client.ts'
import { gradeAll } from '../../src/calibrate/grading.ts'
import { listCalibrationItems } from '../../src/calibrate/items.ts'
import { type CalibrationRun, calibrate } from '../../src/calibrate.ts'
import type { TriedItem } from '../../src/estimate/calibration-record.ts'
import { listRubrics } from '../../src/grade/grade.ts'
import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import { type LabelledItem, parseLabelledSet } from '../../src/grade/labelled-set.ts'
import { loadRubrics } from '../../src/grade/rubrics.ts'
import type { GraderUse } from '../../src/grade/usage.ts'
import { parsePolicy } from '../../src/policy/load.ts'
import type { ModelClient } from '../../src/ports.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { root } from '../support/shared.ts'

const policyFile = 'checkpoint-gate.yml'
const tree = createWorkTree(root)

/** The rubric of pairwise verdicts, a path in the checkout. */
export const pairRubric = 'examples/real-data/pairs/worse-than-the-other.md'

/** What a calibration is made of. */
export interface CalibrationParts {
  /** The graders of each category, as a policy writes them. */
  categories: Readonly<Record<string, readonly object[]>>
  items: readonly LabelledItem[]
  /** What the judge answers; none is asked without. */
  judge?: ModelClient
}

/** A client that answers from these lines, by way of the file that they make. */
export async function openLines(lines: readonly object[]): Promise<ModelClient> {
  const folder = await mkdtemp(join(tmpdir(), 'recorded-'))
  await writeJsonLines({ folder, name: 'judge.jsonl', values: lines })
  const client = await openRecording(join(folder, 'judge.jsonl'))
  await rm(folder, { recursive: true })
  return client
}

/** What `checkpoint-gate calibrate` makes of a labelled set. */
export function runCalibration(parts: CalibrationParts): Promise<CalibrationRun> {
  const text = formatJsonLines(parts.items)
  return calibrate(
    {
      sha: 'work tree',
      policyFile,
      sets: [{ file: 'labelled.jsonl', text }],
      categories: Object.keys(parts.categories),
      once: false,
      gateVersion: 'test',
    },
    createPorts(parts),
  )
}

/** The same, item by item. */
export async function tryItems(parts: CalibrationParts): Promise<{ tried: TriedItem[]; uses: GraderUse[] }> {
  const ports = createPorts(parts)
  const policy = parsePolicy({ file: policyFile, text: writePolicy(parts) }, graderConfigSchema)
  const rubrics = await loadRubrics({
    ...ports,
    references: listRubrics(policy.categories),
    sha: 'work tree',
  })
  const set = parseLabelledSet({ file: 'labelled.jsonl', text: formatJsonLines(parts.items), sha256: '' })
  const { items } = await gradeAll({
    settings: { ports, rubrics, resolved: { policy, file: policyFile } },
    ports,
    items: listCalibrationItems({ sets: [set], categories: policy.categories }),
    secondGradingShare: 1,
  })
  return {
    tried: items.flatMap((item) => item.tried.map(({ outcome }) => outcome)),
    uses: items.flatMap(({ uses }) => uses),
  }
}

function createPorts(parts: CalibrationParts): Parameters<typeof calibrate>[1] {
  return {
    repository: {
      read: async (sha, path) => (path === policyFile ? writePolicy(parts) : tree.read(sha, path)),
      list: tree.list,
    },
    files: createFiles({ corpus: root, rubrics: resolve(root, 'rubrics') }),
    clock: createFakeClock(),
    connect: async (name) => {
      if (parts.judge === undefined) throw new Error(`nobody is to be asked, and "${name}" is`)
      return parts.judge
    },
    log: createRecordingLog(),
    random: () => 0,
    delimiter: 'd3l1m1t3r',
    cancelled: new AbortController().signal,
  }
}

// JSON is YAML.
function writePolicy({ categories }: CalibrationParts): string {
  return JSON.stringify({
    version: 1,
    checkpoint: { file: 'deploy/model' },
    corpus: { manifest: 'manifest.json' },
    sample: { turns: 100, epoch: 'real-data' },
    replay: { allow_recorded: true },
    categories: Object.entries(categories).map(([id, graders]) => ({ id, graders })),
  })
}
