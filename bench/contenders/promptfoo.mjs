// The same replay and judging with promptfoo: two providers, and an `llm-rubric` for each of their answers. Runs in the
// folder that it is installed in; its arguments are a file of conversations, one of the rubric, and the stub's address.
import { readFileSync } from 'node:fs'
import promptfoo from 'promptfoo'

const [conversations, rubric, url, underWay] = process.argv.slice(2)
const provider = (model, config) => ({
  id: `openai:chat:${model}`,
  config: { apiBaseUrl: url, apiKey: 'sk-bench-0123456789abcdef', ...config },
})
const settings = { temperature: 1, max_tokens: 512 }
const judge = provider('judge-model', { temperature: 0 })
const criterion = readFileSync(rubric, 'utf8')
const tests = readFileSync(conversations, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => ({ vars: { messages: JSON.stringify(JSON.parse(line).messages.slice(0, -1)) } }))

const results = await promptfoo.evaluate(
  {
    prompts: ['{{messages}}'],
    providers: [provider('ckpt-0', settings), provider('ckpt-1', settings)],
    defaultTest: { assert: [{ type: 'llm-rubric', value: criterion, provider: judge }] },
    tests,
    writeLatestResults: false,
    sharing: false,
  },
  { maxConcurrency: Number(underWay), cache: false, showProgressBar: false },
)
const { stats } = await (results.toEvaluateSummary?.() ?? results)
console.log(`promptfoo: ${stats.successes} passed, ${stats.failures} failed, ${stats.errors} errors`)
process.exit(stats.errors > 0 ? 1 : 0)
