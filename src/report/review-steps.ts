import type { KeptContent } from '../record/review.ts'

type KeptStep = NonNullable<KeptContent['steps']>[number]

/** What of one step's text, of a call and of a result is shown, in characters, and of all steps together. */
const longest = { text: 1000, call: 400, result: 400, all: 5000 }

/**
 * The steps before an answer as one reads them, each with what the model said and called, and what that was answered with
 * and by whom. Long results are shortened, and where all are too long the oldest steps are left out: the answer rests on
 * the last ones. Empty without steps.
 */
export function describeSteps(steps: KeptContent['steps']): string {
  const described = (steps ?? []).map((step, index) => shorten(describeStep(step, index), longest.all))
  let first = described.length
  let left = longest.all
  while (first > 0 && (described[first - 1]?.length ?? 0) <= left) {
    first -= 1
    left -= described[first]?.length ?? 0
  }
  const omitted = first === 0 ? [] : [`[${first === 1 ? 'step 1 is' : `steps 1 to ${first} are`} left out]`]
  return [...omitted, ...described.slice(first)].join('\n')
}

function describeStep({ text, reasoning, toolCalls, results }: KeptStep, index: number): string {
  const lines = [
    `[step ${index + 1}]`,
    reasoning === null ? '' : `[reasoning] ${shorten(reasoning, longest.text)}`,
    shorten(text, longest.text),
    ...toolCalls.flatMap(({ function: called }, place) => {
      const result = results[place]
      return [
        `[tool call] ${called.name}(${shorten(called.arguments, longest.call)})`,
        ...(result === undefined ? [] : [describeResult(result)]),
      ]
    }),
  ]
  return lines.filter((line) => line !== '').join('\n')
}

function describeResult({ text, isError, source, defect, isCut }: KeptStep['results'][number]): string {
  const parts = [isError ? 'error' : 'result', source, defect, isCut === true ? 'cut off' : undefined]
  const kind = parts.filter((part) => part !== undefined).join(', ')
  return `[${kind}] ${shorten(text, longest.result)}`
}

function shorten(text: string, most: number): string {
  // No longer than that in any case, so that megabytes are not taken apart.
  const points = [...text.slice(0, 2 * most)]
  return points.length <= most ? points.join('') : `${points.slice(0, most - 1).join('')}…`
}
