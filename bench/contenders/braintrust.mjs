// The same replay and judging with Braintrust's `Eval`: one for each checkpoint, whose task and score ask through the
// `openai` package, without Braintrust's server. Arguments as in promptfoo.mjs.
import { readFileSync } from 'node:fs'
import { Eval } from 'braintrust'
import OpenAI from 'openai'

const [conversations, rubric, url, underWay] = process.argv.slice(2)
const client = new OpenAI({ baseURL: url, apiKey: 'sk-bench-0123456789abcdef', maxRetries: 0 })
const criterion = readFileSync(rubric, 'utf8')
const inputs = readFileSync(conversations, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => ({ input: JSON.parse(line).messages.slice(0, -1) }))

async function judge({ input, output }) {
  const answer = await client.chat.completions.create({
    model: 'judge-model',
    messages: [
      { role: 'system', content: `${criterion}\nAnswer with JSON: {"label": "present" | "absent"}` },
      {
        role: 'user',
        content: `${input.map(({ role, content }) => `${role}: ${content}`).join('\n')}\n\n${output}`,
      },
    ],
    response_format: { type: 'json_object' },
  })
  const { label } = JSON.parse(answer.choices[0].message.content)
  return { name: 'category', score: label === 'absent' ? 1 : 0 }
}

const quiet = { name: 'quiet', reportEval: () => true, reportRun: () => true }
const progress = {
  start: () => undefined,
  stop: () => undefined,
  increment: () => undefined,
  setTotal: () => undefined,
}
const evaluate = (model) =>
  Eval(
    'bench',
    {
      experimentName: model,
      data: () => inputs,
      task: async (input) => {
        const request = { model, messages: input, temperature: 1, max_completion_tokens: 512 }
        const answer = await client.chat.completions.create(request)
        return answer.choices[0].message.content
      },
      scores: [judge],
      maxConcurrency: Number(underWay) / 2,
    },
    { noSendLogs: true, reporter: quiet, progress },
  )
const results = await Promise.all(['ckpt-0', 'ckpt-1'].map(evaluate))
const errors = results.flatMap((result) => result.results).filter(({ error }) => error !== undefined).length
console.log(
  `braintrust: ${results.reduce((sum, result) => sum + result.results.length, 0)} turns, ${errors} errors`,
)
process.exit(errors > 0 ? 1 : 0)
