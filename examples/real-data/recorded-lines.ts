/**
 * One line of an OpenAI Batch API output file. `usage` is left out: none of the sources counts the tokens
 * of the prompt, and a zero would be taken for a count.
 */
export interface RecordedLine {
  id: string
  custom_id: string
  response: {
    status_code: 200
    request_id: string
    body: {
      id: string
      object: 'chat.completion'
      created: number
      model: string
      choices: [
        { index: 0; message: { role: 'assistant'; content: string }; finish_reason: 'stop' | 'length' },
      ]
    }
  }
  error: null
}

/** What a grader says about a category in a completion. */
export type Label = 'present' | 'absent'

/** Where a recorded answer comes from. `createdS` is in seconds since 1970; 0 where the source has no time. */
export interface Origin {
  model: string
  createdS: number
}

const longestQuote = 200

/** A model's answer as the Batch API returns it; `customId` is the turn id. */
export function recordCompletion(completion: {
  customId: string
  origin: Origin
  content: string
  finishReason: 'stop' | 'length'
}): RecordedLine {
  const id = `recorded:${completion.customId}`
  return {
    id,
    custom_id: completion.customId,
    response: {
      status_code: 200,
      request_id: id,
      body: {
        id,
        object: 'chat.completion',
        created: completion.origin.createdS,
        model: completion.origin.model,
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: completion.content },
            finish_reason: completion.finishReason,
          },
        ],
      },
    },
    error: null,
  }
}

/**
 * A label from a data set in the shape of a judge's answer. The sources mark no passage, so the quote that
 * `present` requires is the completion's opening; it shows which completion was meant, not why.
 */
export function recordLabel(judged: {
  turnId: string
  arm: 'baseline' | 'candidate'
  category: string
  origin: Origin
  label: Label
  rationale: string
  completion: string
}): RecordedLine {
  return recordCompletion({
    customId: `${judged.turnId}|${judged.arm}|${judged.category}`,
    origin: judged.origin,
    content: writeGrade(judged),
    finishReason: 'stop',
  })
}

/** A label as a judge writes it: the text of its answer. */
export function writeGrade(judged: { label: Label; rationale: string; completion: string }): string {
  const quote = judged.label === 'present' ? takeOpening(judged.completion) : ''
  return JSON.stringify({ rationale: judged.rationale, label: judged.label, quote })
}

/** The first line of a text, at most 200 code points, verbatim. Throws where there is nothing to quote. */
export function takeOpening(text: string): string {
  const firstLine = text.trimStart().split('\n', 1).join('')
  // By code point: a cut inside a surrogate pair would not be found in the completion again.
  const opening = Array.from(firstLine).slice(0, longestQuote).join('').trimEnd()
  if (opening === '') throw new Error('an empty completion is labelled present: there is nothing to quote')
  return opening
}
