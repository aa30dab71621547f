import type { MeasuredRun } from '../../forecast/measured-run.ts'
import { countCalls } from '../../grade/grade.ts'
import { type Amount, answerTokens, type CostQuestion } from './cost-question.ts'
import { describeKnown, describeTurns, listKnown } from './graded-items.ts'
import { listGradingCalls } from './grading-calls.ts'
import {
  addAll,
  charactersPerToken,
  type EndpointLoad,
  type GradingCase,
  mergeLoads,
  scaleLoads,
  sumGrading,
} from './grading-load.ts'

/** What grading takes. */
export interface GradingForecast {
  /** Calls that grade a completion, and at most so many more where it is flagged. */
  calls_each: number
  calls_if_flagged: number
  /** Completions of the sample that are graded a second time. */
  graded_twice: number
  /** Known items that are graded beside the sample. */
  calibration_items: number
  control_items: number
  /** The share of the judges' prompt tokens that begins every request alike; `null` without such tokens. */
  stable_prompt_share: number | null
  /** By endpoint and model; `null`: no model of chat. */
  endpoints: {
    endpoint: string
    model: string | null
    calls: Amount
    prompt_tokens: Amount
    completion_tokens: Amount
  }[]
}

/** The grading of a run, by endpoint and model. */
export interface Grading {
  /** Completions of turns that are graded a second time. */
  twice: number
  known: ReturnType<typeof listKnown>
  expected: EndpointLoad[]
  atMost: EndpointLoad[]
}

/** Every call of the graders: of turns, and of known items, which are graded however early the run ends. */
export function forecastGrading(question: CostQuestion, expectedTurns: number): Grading {
  const { plan, sample, labelledSets, flagged, measured } = question
  const { maxTokens } = plan.policy.replay
  const share = plan.policy.judge?.secondGradingShare ?? 0
  const calls = listGradingCalls(plan)
  const known = listKnown(
    labelledSets,
    plan.policy.categories.map(({ id }) => id),
  )
  const turns = describeTurns(sample.turns, { share, tools: plan.policy.tools ?? null })
  const items = describeKnown([...known.calibration, ...known.controls], share)
  const grade = (when: GradingCase, part: number) =>
    mergeLoads([
      ...scaleLoads(sumGrading({ calls, items: turns, when }), {
        calls: part,
        prompts: part,
        completions: part,
      }),
      ...sumGrading({ calls, items, when }),
    ])
  const answer = measured === null ? null : readAnswerTokens(measured)
  const tokens = answer ?? Math.min(answerTokens, maxTokens ?? answerTokens)
  const likely = { isWorst: false, flagged, completionCharacters: tokens * charactersPerToken }
  const worst = { isWorst: true, flagged, completionCharacters: (maxTokens ?? 0) * charactersPerToken }
  return {
    twice: turns.reduce((sum, { gradings }) => sum + gradings - 2, 0),
    known,
    expected: followMeasured(
      grade(likely, turns.length === 0 ? 0 : expectedTurns / turns.length),
      question,
      expectedTurns,
    ),
    atMost: grade(worst, 1),
  }
}

/** Calls and tokens in the number that an earlier run took, divided between models as they are reckoned. */
function followMeasured(
  reckoned: EndpointLoad[],
  { measured }: CostQuestion,
  expectedTurns: number,
): EndpointLoad[] {
  if (measured === null || measured.turns === 0) return reckoned
  const sum = addAll(reckoned)
  const { requests, turns } = measured
  const asked = countOthers(measured)
  const { judge } = measured.usage
  const factor = (seen: number | null, all: number) =>
    seen === null || all === 0 ? 1 : (seen * expectedTurns) / turns / all
  // An endpoint that does not say what it used has used something all the same.
  const counted = judge.promptTokens > 0
  return scaleLoads(reckoned, {
    calls: factor(requests === null ? null : Math.max(0, requests - asked), sum.calls),
    prompts: factor(counted ? judge.promptTokens : null, sum.promptTokens),
    completions: factor(counted ? judge.completionTokens : null, sum.completionTokens),
  })
}

/** Requests of an earlier run to the arms, and to a model that stood in for tools. */
function countOthers({ turns, trajectories }: MeasuredRun): number {
  const { requestsEach, callsEach, simulatedShare } = trajectories ?? noTrajectories
  return 2 * turns * (requestsEach + callsEach * simulatedShare)
}

const noTrajectories = { requestsEach: 1, callsEach: 0, simulatedShare: 0 }

function readAnswerTokens({ usage, turns }: MeasuredRun): number | null {
  const { baseline, candidate } = usage
  const tokens = baseline.completionTokens + candidate.completionTokens
  return turns === 0 || tokens === 0 ? null : tokens / (2 * turns)
}

/** Puts the grading of a run into the names and units of the forecast. */
export function describeGrading(
  { plan }: CostQuestion,
  { twice, known, expected, atMost }: Grading,
): GradingForecast {
  const { each, flagged } = countCalls(plan.policy.categories)
  const { promptTokens, stableTokens } = addAll(expected)
  return {
    calls_each: each,
    calls_if_flagged: flagged,
    graded_twice: twice,
    calibration_items: known.calibration.length,
    control_items: known.controls.length,
    stable_prompt_share: promptTokens === 0 ? null : stableTokens / promptTokens,
    endpoints: expected.map((load, index) => {
      const most = atMost[index] ?? load
      const round = (key: 'promptTokens' | 'completionTokens'): Amount => ({
        expected: Math.round(load[key]),
        at_most: plan.policy.replay.maxTokens === null ? null : Math.round(most[key]),
      })
      return {
        endpoint: load.endpoint,
        model: load.model,
        calls: { expected: load.calls, at_most: most.calls },
        prompt_tokens: round('promptTokens'),
        completion_tokens: round('completionTokens'),
      }
    }),
  }
}
