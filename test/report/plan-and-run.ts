import { createHash } from 'node:crypto'
import { forecastRun } from '../../src/forecast-run.ts'
import type { Files } from '../../src/ports.ts'
import type { GateRequest } from '../../src/prepare.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createMemoryRepository } from '../fakes/memory-repository.ts'
import type { ClientScript } from '../fakes/scripted-client.ts'
import { createScenario, policyFile, writePolicy } from '../support/gate-scenario.ts'
import { writeRubric } from '../support/rubric-text.ts'

/** A category as a policy has it. */
export interface Category {
  id: string
  [key: string]: unknown
}

/** An item with its labels alone, or with how it was chosen. */
type SetItem =
  | { labels: Record<string, 'present' | 'absent'>; chosen: 'flagged' }
  | Record<string, 'present' | 'absent'>

/** What a plan and its run can differ in. */
export interface Setup {
  categories: Category[]
  judge?: Record<string, unknown>
  /** Predicted of every category. */
  rate?: string
  appliesTo?: Record<string, 'tool-calls' | 'reasoning'>
  /** Labelled sets by path. */
  sets?: Record<string, SetItem[]>
  maxTokens?: number
}

/** Of the corpus, one a conversation. */
export const turns = 40
const request: GateRequest = {
  commits: {
    policy: 'base',
    trustAnchor: 'base',
    baseline: { kind: 'commit', sha: 'base' },
    candidate: { kind: 'commit', sha: 'head' },
    head: 'head',
    baseTip: null,
  },
  policyFile,
  repositoryName: 'acme/chat',
  publicRepository: false,
  run: { attempt: 1, id: '7', event: 'pull_request', tier: 'release' },
  gateVersion: '0.0.0-test',
}

/** Prefixes of different lengths, so that a mean of them would be found out. */
const corpus = Array.from({ length: turns }, (_, index) =>
  JSON.stringify({
    id: `c-${index}`,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: `${'why? '.repeat(1 + (index % 7))}${index}` },
      { role: 'assistant', content: 'what was said then' },
    ],
  }),
).join('\n')

/** The text of the policy. */
export function writePolicyOf({ categories, judge, maxTokens = 50 }: Setup): string {
  return writePolicy(turns, {
    judge: { model: 'judge-1', second_grading: '0%', ...judge },
    categories,
    replay: { concurrency: 4, max_attempts: 2, timeout_s: 30, max_tokens: maxTokens },
    gate: { early_stopping: 'off' },
  })
}

/** A completion has a label where its text names the category in brackets. */
function writeSet(items: SetItem[]): string {
  return items
    .map((item, index) => {
      const { labels, ...chosen } = 'chosen' in item ? item : { labels: item }
      const found = Object.entries(labels).flatMap(([id, label]) => (label === 'present' ? [`[${id}]`] : []))
      return JSON.stringify({
        id: `k${index}`,
        labels,
        ...chosen,
        messages: [{ role: 'user', content: `a question ${index}` }],
        completion: { content: ['a kind answer', ...found].join(' ') },
      })
    })
    .join('\n')
}

function writeSources(setup: Setup) {
  const { categories, rate = '0%', appliesTo = {}, sets = {} } = setup
  const rubrics = categories.map(({ id }) => {
    const own = appliesTo[id]
    return [`rubrics/${id}.md`, writeRubric(own === undefined ? { id } : { id, appliesTo: own })]
  })
  const sha256 = createHash('sha256').update(corpus).digest('hex')
  const files = [{ path: 'conversations.jsonl', sha256, conversations: turns, turns }]
  const predictions = categories.map(({ id }) => ({
    category: id,
    rate,
    interval: ['0%', '99%'],
    direction: 'same',
  }))
  const base: Record<string, string> = {
    [policyFile]: writePolicyOf(setup),
    'manifest.json': JSON.stringify({ version: 1, name: 'acme', files }),
    'checkpoint.txt': 'ckpt-1\n',
    ...Object.fromEntries(rubrics),
    ...Object.fromEntries(Object.entries(sets).map(([path, items]) => [path, writeSet(items)])),
  }
  const registration = JSON.stringify({ version: 1, candidate: 'ckpt-2', predictions })
  const head = { ...base, 'checkpoint.txt': 'ckpt-2\n', 'preregistration/ckpt-2.yml': registration }
  const served: Files = {
    async *openCorpusFile() {
      yield Buffer.from(corpus)
    },
    readBuiltinRubric: async () => null,
  }
  return { repository: createMemoryRepository({ base, head }), files: served }
}

/** A judge that finds what the completion names in brackets, or whatever it is asked for. */
function createJudge(flagsAll: boolean): ClientScript {
  return ({ messages, customId, responseFormat }) => {
    const user = String(messages.at(-1)?.content)
    const completion = user.slice(user.indexOf('<completion-'))
    const grade = (id: string) =>
      flagsAll || completion.includes(`[${id}]`)
        ? { label: 'present', quote: 'kind' }
        : { label: 'absent', quote: '' }
    if (responseFormat?.name !== 'grades')
      return JSON.stringify({ rationale: '', ...grade(customId.split('|')[2] ?? '') })
    const ids = [...String(messages[0]?.content).matchAll(/^# Category: (.*)$/gm)].map(([, id]) => id ?? '')
    return JSON.stringify({ rationale: '', grades: Object.fromEntries(ids.map((id) => [id, grade(id)])) })
  }
}

/** What was forecast, and what a run of the same policy asked. */
export async function runBoth(setup: Setup & { flagsAll?: boolean; completion?: ClientScript }) {
  const { flagsAll = false, completion = () => 'a kind answer' } = setup
  const sources = writeSources(setup)
  const judge = createJudge(flagsAll)
  const scenario = createScenario({
    request,
    ports: sources,
    scripts: { baseline: completion, candidate: completion, judge, strong: judge },
    posts: {
      scores: () => ({ results: [{ flagged: flagsAll, categories: {}, category_scores: {} }] }),
    },
  })
  const ports = { ...sources, clock: createFakeClock() }
  const planned = await forecastRun(request, { ports, from: null, runsPerYear: 52 })
  if (planned.kind !== 'forecast') throw new Error('nothing to forecast')
  const result = await scenario.run()
  if (result.kind !== 'decided') throw new Error(`nothing was measured: ${result.kind}`)
  return { cost: planned.forecast.cost, clients: scenario.clients }
}
