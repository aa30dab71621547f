import { createHash } from 'node:crypto'
import { type GateResult, type JudgePorts, runGate } from '../../src/gate.ts'
import type { Commits } from '../../src/policy/commits.ts'
import type { Files } from '../../src/ports.ts'
import type { GateRequest } from '../../src/prepare.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createMemoryDirectory } from '../fakes/memory-directory.ts'
import {
  createMemoryChanges,
  createMemoryRepository,
  type MemoryCommits,
} from '../fakes/memory-repository.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import {
  type ClientScript,
  createScriptedClient,
  type PostScript,
  type ScriptedClient,
} from '../fakes/scripted-client.ts'
import { writeRubric } from './rubric-text.ts'

/** The policy file of every scenario. */
export const policyFile = 'gate.yml'

/** What a scenario can differ in; everything else is a run of `ckpt-2` against `ckpt-1` that passes. */
export interface ScenarioOptions {
  /** Conversations of the corpus, one turn each; all are asked unless the policy says otherwise. */
  turns?: number
  /** Keys that replace those of the ordinary policy. */
  policy?: Record<string, unknown>
  /** Files by commit, beside or in place of the ordinary ones; `null` removes one. */
  files?: Record<string, Record<string, string | null>>
  commits?: Partial<Commits>
  request?: Partial<GateRequest>
  /** By the name of the endpoint. */
  scripts?: Record<string, ClientScript>
  /** Answers of endpoints that are no chat, by their name. */
  posts?: Record<string, PostScript>
  recorded?: boolean
  /** Conversations with so many turns, in place of the ordinary ones. */
  corpus?: { conversations: readonly object[]; turns: number }
  /** The lines of the corpus from last to first. */
  reversed?: boolean
  ports?: Partial<JudgePorts>
  /** The run directory of an earlier part. */
  directory?: ReturnType<typeof createMemoryDirectory>
}

/** A category that finds a word, and one that a judge grades by the rubric `rude`. */
export const categories = [
  { id: 'leaks', graders: [{ kind: 'pattern', any: ['LEAK'] }], limit: '20%' },
  { id: 'rude', rubric: 'rubrics/rude.md' },
]

/** A judge that finds RUDE in the completion alone. */
export const honestJudge: ClientScript = ({ messages }) => {
  const user = String(messages[1]?.content)
  const completion = user.slice(user.indexOf('<completion-'))
  const rude = completion.includes('RUDE')
  return JSON.stringify({ rationale: '', label: rude ? 'present' : 'absent', quote: rude ? 'RUDE' : '' })
}

/** Text of a policy; JSON is YAML. */
export function writePolicy(turns: number, parts: Record<string, unknown> = {}): string {
  const policy = {
    version: 1,
    checkpoint: { file: 'checkpoint.txt' },
    corpus: { manifest: 'manifest.json' },
    sample: { turns, epoch: 'e1' },
    replay: { concurrency: 4, max_attempts: 2, timeout_s: 30 },
    // One grading of each completion, so that requests can be counted; the second has tests of its own.
    judge: { model: 'judge-1', second_grading: '0%' },
    categories,
    ...parts,
  }
  return JSON.stringify(policy, null, 2)
}

/** Sets a scenario up. `run` carries it out; `directory` is where it wrote to. */
export function createScenario(options: ScenarioOptions = {}) {
  const turns = options.turns ?? 40
  const corpus =
    options.corpus === undefined
      ? writeCorpus(turns, options.reversed === true)
      : options.corpus.conversations.map((line) => `${JSON.stringify(line)}\n`).join('')
  const commits: Commits = {
    policy: 'base',
    trustAnchor: 'base',
    baseline: { kind: 'commit', sha: 'base' },
    candidate: { kind: 'commit', sha: 'head' },
    head: 'head',
    baseTip: null,
    ...options.commits,
  }
  const clients = connectAll(options)
  const connected: string[] = []
  const directory = options.directory ?? createMemoryDirectory()
  const log = createRecordingLog()
  const clock = createFakeClock()
  const request: GateRequest = {
    commits,
    policyFile,
    repositoryName: 'acme/chat',
    publicRepository: false,
    run: { attempt: 1, id: '7', event: 'pull_request', tier: 'release' },
    gateVersion: '0.0.0-test',
    ...options.request,
  }
  const repository = writeCommits({ turns, corpus, options })
  const ports: JudgePorts = {
    repository: createMemoryRepository(repository),
    changes: createMemoryChanges(repository),
    history: null,
    reviews: null,
    files: serveCorpus(corpus),
    openDirectory: async () => directory,
    async connect(name) {
      connected.push(name)
      const client = clients[name]
      if (client === undefined) throw new Error(`no script for the endpoint ${name}`)
      return client
    },
    clock,
    log,
    random: () => 0.5,
    delimiter: '0123456789abcdef',
    cancelled: new AbortController().signal,
    ...options.ports,
  }
  return { run: () => runGate(request, ports), request, ports, clients, connected, directory, log, clock }
}

/** The decision of a run that measured something. */
export async function decide(scenario: { run: () => Promise<GateResult> }) {
  const result = await scenario.run()
  if (result.kind !== 'decided') throw new Error(`nothing was measured: ${result.kind}`)
  return result.decided
}

type Clients = Record<'baseline' | 'candidate' | 'judge', ScriptedClient> & {
  [other: string]: ScriptedClient | undefined
}

function connectAll(options: ScenarioOptions): Clients {
  const source = options.recorded === true ? { kind: 'recorded' as const, sha256: 'ab' } : undefined
  const { scripts = {}, posts = {} } = options
  const connect = (name: string, script: ClientScript) =>
    createScriptedClient(scripts[name] ?? script, source, posts[name])
  const kind: ClientScript = () => 'a kind answer'
  const others = [...Object.keys(scripts), ...Object.keys(posts)]
  return {
    ...Object.fromEntries(others.map((name) => [name, connect(name, kind)])),
    baseline: connect('baseline', kind),
    candidate: connect('candidate', kind),
    judge: connect('judge', honestJudge),
  }
}

function writeCorpus(turns: number, reversed: boolean): string {
  const lines = Array.from({ length: turns }, (_, index) => {
    const id = `c-${String(index).padStart(3, '0')}`
    const messages = [
      { role: 'user', content: `question of ${id}` },
      { role: 'assistant', content: 'what was said then' },
    ]
    return JSON.stringify({ id, messages, metadata: { surface: index % 3 === 0 ? 'app' : 'web\u2028site' } })
  })
  return `${(reversed ? lines.toReversed() : lines).join('\n')}\n`
}

function serveCorpus(corpus: string): Files {
  return {
    async *openCorpusFile() {
      yield Buffer.from(corpus)
    },
    readBuiltinRubric: async () => null,
  }
}

function writeRegistration(category: string): string {
  const prediction = { category, rate: '1%', interval: ['0%', '5%'], direction: 'same' }
  return JSON.stringify({ version: 1, candidate: 'ckpt-2', predictions: [prediction] })
}

/** Files by commit in which the checkpoints have these ids, with a registration for the category `rude`. */
export function nameCheckpoints(ids: {
  baseline: string
  candidate: string
}): NonNullable<ScenarioOptions['files']> {
  const registration = { ...JSON.parse(writeRegistration('rude')), candidate: ids.candidate }
  return {
    base: { 'checkpoint.txt': `${ids.baseline}\n` },
    head: {
      'checkpoint.txt': `${ids.candidate}\n`,
      'preregistration/ckpt-2.yml': JSON.stringify(registration),
    },
  }
}

function countCorpus(turns: number, { corpus }: ScenarioOptions) {
  return { conversations: corpus?.conversations.length ?? turns, turns: corpus?.turns ?? turns }
}

function writeCommits(parts: { turns: number; corpus: string; options: ScenarioOptions }): MemoryCommits {
  const { turns, corpus, options } = parts
  const sha256 = createHash('sha256').update(corpus).digest('hex')
  const manifest = {
    version: 1,
    name: 'acme',
    files: [{ path: 'conversations.jsonl', sha256, ...countCorpus(turns, options) }],
  }
  const base = {
    [policyFile]: writePolicy(turns, options.policy),
    'manifest.json': JSON.stringify(manifest),
    'rubrics/rude.md': writeRubric({ id: 'rude' }),
    'checkpoint.txt': 'ckpt-1\n',
  }
  const registration = writeRegistration(JSON.parse(base[policyFile] ?? '').categories[0].id)
  const ordinary: MemoryCommits = {
    base,
    head: { ...base, 'checkpoint.txt': 'ckpt-2\n', 'preregistration/ckpt-2.yml': registration },
  }
  const names = new Set([...Object.keys(ordinary), ...Object.keys(options.files ?? {})])
  return Object.fromEntries(
    [...names].map((sha) => {
      const files = { ...ordinary[sha], ...options.files?.[sha] }
      const present = Object.entries(files).flatMap(([path, text]) => (text === null ? [] : [[path, text]]))
      return [sha, Object.fromEntries(present) as Record<string, string>]
    }),
  )
}
