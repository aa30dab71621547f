import { type CalibrationPorts, type CalibrationRequest, calibrate } from '../../src/calibrate.ts'
import type { ModelSource } from '../../src/ports.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createMemoryRepository } from '../fakes/memory-repository.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { type ClientScript, createScriptedClient, type ScriptedClient } from '../fakes/scripted-client.ts'
import { writePolicy } from './gate-scenario.ts'
import { judgeHonestly } from './honest-judge.ts'
import { writeRubric } from './rubric-text.ts'

/** What a calibration can differ in; everything else is one of the categories `rude` and `curt`. */
export interface CalibrateScenario {
  /** Keys that replace those of the ordinary policy. */
  policy?: Record<string, unknown>
  /** Files of the work tree beside the ordinary ones. */
  files?: Record<string, string>
  /** Labelled sets that are given beside the policy, by path. */
  sets?: Record<string, string>
  request?: Partial<CalibrationRequest>
  /** By the name of the endpoint; else an honest judge. */
  scripts?: Record<string, ClientScript>
  source?: ModelSource
  cancelled?: AbortSignal
}

/** Two categories of one shared call. */
export const rudeAndCurt = [
  { id: 'rude', rubric: 'rubrics/rude.md' },
  { id: 'curt', rubric: 'rubrics/curt.md' },
]

/** Sets a calibration up; `run` carries it out. */
export function createCalibration(options: CalibrateScenario = {}) {
  const log = createRecordingLog()
  const clients = new Map<string, ScriptedClient>()
  const files = {
    'gate.yml': writePolicy(1000, { categories: rudeAndCurt, ...options.policy }),
    'rubrics/rude.md': writeRubric({ id: 'rude' }),
    'rubrics/curt.md': writeRubric({ id: 'curt' }),
    ...options.files,
  }
  const ports: CalibrationPorts = {
    repository: createMemoryRepository({ 'work tree': files }),
    files: {
      openCorpusFile: () => {
        throw new Error('a calibration reads no corpus')
      },
      readBuiltinRubric: async () => null,
    },
    clock: createFakeClock(),
    log,
    random: () => 0.5,
    delimiter: '0123456789abcdef',
    cancelled: options.cancelled ?? new AbortController().signal,
    async connect(name) {
      const client = createScriptedClient(options.scripts?.[name] ?? judgeHonestly, options.source)
      clients.set(name, client)
      return client
    },
  }
  const request: CalibrationRequest = {
    sha: 'work tree',
    policyFile: 'gate.yml',
    sets: Object.entries(options.sets ?? {}).map(([file, text]) => ({ file, text })),
    categories: [],
    once: false,
    gateVersion: '0.0.0-test',
    ...options.request,
  }
  return { run: () => calibrate(request, ports), clients, log }
}

/** What the judge was asked. */
export function listRequests({ clients }: Pick<ReturnType<typeof createCalibration>, 'clients'>) {
  return clients.get('judge')?.requests ?? []
}
