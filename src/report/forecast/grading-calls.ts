import { readText } from '../../corpus/conversation.ts'
import type { GradeItem } from '../../grade/grader.ts'
import { graderKinds } from '../../grade/graders/index.ts'
import { type JudgeConfig, readJudgeConfig } from '../../grade/graders/judge/config.ts'
import {
  answerFormat,
  describeSharedFormat,
  writeJudgePrompt,
  writeSharedPrompt,
} from '../../grade/graders/judge/prompt.ts'
import { groupShared } from '../../grade/graders/judge/shared.ts'
import type { Plan } from '../../plan/plan.ts'
import { parseRubric, type Rubric } from '../../policy/rubric.ts'

/** A call that graders make again and again, with the same beginning each time. */
export interface GradingCall {
  endpoint: string
  /** `null`: an endpoint that is no model of chat, and takes no tokens. */
  model: string | null
  /** The categories that it labels: several where they share it. */
  categories: readonly string[]
  /** Of which completions: all of them, or those that the graders before have flagged. */
  of: 'each' | 'flagged'
  /** How often it is made for one completion. */
  votes: number
  /** Where its rubrics apply: it is made where one of them does. */
  appliesTo: readonly Rubric['appliesTo'][]
  /** Characters that begin every request alike: instructions, rubrics and the form of the answer. */
  stableCharacters: number
  /** Characters of an answer that flags nothing; a judge is asked for a sentence or two. */
  answerCharacters: number
}

/** As long as those of a run: the tags around the data name it. */
const delimiter = '0'.repeat(16)
/** Two sentences. */
const rationaleCharacters = 240
const emptyItem: Omit<GradeItem, 'category'> = {
  turn: { id: '', conversation: '', prefix: [], tools: null, weight: 1, stratum: null, slice: {} },
  arm: 'candidate',
  completion: {
    kind: 'completed',
    model: '',
    text: '',
    reasoning: null,
    toolCalls: [],
    refusal: null,
    finishReason: 'stop',
    usage: null,
    systemFingerprint: null,
  },
  pass: 'first',
}
const emptyRubric: Rubric = {
  id: '',
  title: '',
  version: 1,
  severity: 'low',
  appliesTo: 'all',
  published: null,
  body: '',
}

/** Every call that a plan's graders make, with the lengths of the prompts that judges are really sent. */
export function listGradingCalls(plan: {
  policy: { categories: readonly Pick<Plan['policy']['categories'][number], 'id' | 'graders'>[] }
  rubrics: Plan['rubrics']
}): GradingCall[] {
  const { categories } = plan.policy
  const rubrics = new Map(
    Object.entries(plan.rubrics).map(([file, text]) => [file, parseRubric({ file, text })]),
  )
  const groups = groupShared(categories)
  const shared = new Set(groups.flat())
  return [
    ...groups.map((ids) => describeShared({ ids, categories, rubrics })),
    ...categories.flatMap(({ id, graders }) =>
      graders.flatMap((config, step) =>
        step === 0 && shared.has(id) ? [] : describeOwn({ id, config, step, rubrics }),
      ),
    ),
  ]
}

/**
 * Characters of the part of a judge's prompt that is about one completion: what every such prompt ends with, whatever
 * its rubrics. Without `completion` those of the conversation and the tags alone.
 */
export function measureData(item: Pick<GradeItem, 'turn'> & Partial<Pick<GradeItem, 'completion'>>): number {
  const whole = { ...emptyItem, ...item, category: '' }
  return countCharacters(writeJudgePrompt({ rubric: emptyRubric, item: whole, delimiter }).slice(-1))
}

type Categories = Parameters<typeof listGradingCalls>[0]['policy']['categories']

function describeShared(request: {
  ids: readonly string[]
  categories: Categories
  rubrics: ReadonlyMap<string, Rubric>
}): GradingCall {
  const { ids, categories, rubrics } = request
  const members = categories
    .filter(({ id }) => ids.includes(id))
    .flatMap(({ id, graders }) => graders.slice(0, 1).map((config) => ({ id, ...readJudgeConfig(config) })))
  const [first] = members
  if (first === undefined) throw new Error('a group without categories')
  const judged = members.map((member) => ({ id: member.id, rubric: findRubric(member, rubrics) }))
  const nothing = { label: 'absent', quote: '' }
  return {
    endpoint: first.endpoint,
    model: first.model,
    categories: ids,
    of: 'each',
    votes: 1,
    appliesTo: judged.map(({ rubric }) => rubric.appliesTo),
    stableCharacters: measureBeginning({
      messages: writeSharedPrompt({ judged, item: emptyItem, delimiter }),
      schema: describeSharedFormat(ids).schema,
    }),
    answerCharacters: measureAnswer({ grades: Object.fromEntries(ids.map((id) => [id, nothing])) }),
  }
}

function describeOwn(request: {
  id: string
  config: Categories[number]['graders'][number]
  step: number
  rubrics: ReadonlyMap<string, Rubric>
}): GradingCall[] {
  const { id, config, step, rubrics } = request
  const common = { categories: [id], of: step === 0 ? ('each' as const) : ('flagged' as const) }
  if (config.kind !== 'judge') {
    const kind = graderKinds.find((entry) => entry.kind === config.kind)
    return (kind?.listEndpoints(config) ?? []).map((endpoint) => ({
      ...common,
      endpoint,
      model: null,
      votes: 1,
      appliesTo: ['all'],
      stableCharacters: 0,
      answerCharacters: 0,
    }))
  }
  const settings = readJudgeConfig(config)
  const rubric = findRubric(settings, rubrics)
  const item = { ...emptyItem, category: id }
  return [
    {
      ...common,
      endpoint: settings.endpoint,
      model: settings.model,
      votes: settings.votes,
      appliesTo: [rubric.appliesTo],
      stableCharacters: measureBeginning({
        messages: writeJudgePrompt({ rubric, item, delimiter }),
        schema: answerFormat.schema,
      }),
      answerCharacters: measureAnswer({ label: 'absent', quote: '' }),
    },
  ]
}

/** Providers count the form of an answer as a part of the prompt, and put it first. */
function measureBeginning(request: {
  messages: ReturnType<typeof writeJudgePrompt>
  schema: object
}): number {
  return countCharacters(request.messages.slice(0, -1)) + JSON.stringify(request.schema).length
}

function measureAnswer(grades: object): number {
  return JSON.stringify({ rationale: '', ...grades }).length + rationaleCharacters
}

function countCharacters(messages: ReturnType<typeof writeJudgePrompt>): number {
  return messages.reduce((sum, { content }) => sum + readText(content).length, 0)
}

function findRubric({ rubric }: Pick<JudgeConfig, 'rubric'>, rubrics: ReadonlyMap<string, Rubric>): Rubric {
  const found = rubrics.get(rubric)
  if (found === undefined) throw new Error(`the plan has no rubric ${rubric}`)
  return found
}
