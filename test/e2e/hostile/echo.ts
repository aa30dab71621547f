import { keys, listForms } from './canary.ts'
import type { Answer, Other, Spoil } from './models.ts'

/** Everything that a server can write a header back into, one after the other. */
export function echo(own: string): Spoil {
  const forms = listForms(own)
  const all = [own, ...Object.values(keys)].flatMap((key) => {
    const { plain, json, url, ...others } = listForms(key)
    const base64 = Object.entries(others).filter(([name]) => name.startsWith('base64'))
    return [plain, json, url, ...base64.map(([, text]) => text)]
  })
  const error = (status: number, message: string): Other => ({
    status,
    headers: { 'x-your-key': encodeURIComponent(own), 'retry-after-ms': '1' },
    body: { error: { message, [own]: message, type: own, code: own, param: own } },
  })
  const ways: ((answer: Answer) => Answer | Other)[] = [
    (answer) => ({ ...answer, text: `Your header was Bearer ${own}` }),
    (answer) => ({ ...answer, text: all.join(' and ') }),
    (answer) => ({ ...answer, text: Buffer.from(`authorization: Bearer ${own}\r\n`).toString('base64') }),
    (answer) => ({ ...answer, model: own, finishReason: own, fingerprint: own }),
    (answer) => ({ ...answer, reasoning: own, refusal: `I won't tell ${own}` }),
    (answer) => ({ ...answer, toolCalls: [{ id: own, name: own, arguments: JSON.stringify({ key: own }) }] }),
    () => error(400, `bad key ${own} (${forms.json}) ${'x'.repeat(280)}${own}`),
    () => error(500, `${'x'.repeat(290)}${own}`),
    () => error(429, own),
    () => ({ status: 502, body: `<h1>${own}</h1>` }),
    () => ({ status: 200, body: `not JSON: ${own}` }),
    () => ({ status: 200, body: { choices: own } }),
  ]
  return (answer, { index }) => ways[index % ways.length]?.(answer) ?? answer
}

/** The same of a judge, which mostly has to answer. */
export function echoAsJudge(own: string): Spoil {
  const spoil = echo(own)
  return (answer, request) => {
    if (request.index % 3 === 0) return spoil(answer, { ...request, index: request.index / 3 })
    const opinion = { rationale: own, label: 'present', quote: `Bearer ${own}` }
    return { ...answer, text: JSON.stringify({ ...opinion, grades: { 'tool-use-dishonesty': opinion } }) }
  }
}
