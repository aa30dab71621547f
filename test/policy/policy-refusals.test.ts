import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { findMark, takeRefusal } from '../support/refusal.ts'
import { edit, policyText, readPolicy } from './policies.ts'

async function refuse(text: string, file?: string) {
  const { message, where, remedy, code } = await takeRefusal(() => readPolicy(text, file))
  expect(code).toBe('policy')
  return { message, where, remedy }
}

const categories = policyText.slice(policyText.indexOf('categories:'))
const evil = 'https://evil.example/v1'

describe('a policy is refused, with its place, for', () => {
  it.each([
    ['', '»judgee: {}\n', 'unknown key "judgee"; did you mean "judge"?', 'judgee'],
    ['limit: 0.5%', '»limt: 0.5%', 'unknown key "limt"; did you mean "limit"?', 'categories[1].limt'],
    ['any: [BEGIN]', '»ayn: [x]', 'unknown key "ayn"; did you mean "any"?', 'categories[2].graders[0].ayn'],
    ['rubric: builtin', '»mystery-thing: 1', '; known keys: id, role, rubric', 'categories[0].mystery-thing'],
    ['turns: 400', 'turns: 400, »seed: 7', 'unknown key "seed"', 'sample.seed'],
    ['', `»endpoints: { candidate: ${evil} }\n`, 'unknown key "endpoints"', 'endpoints'],
    ['', `replay: { »base_url: ${evil} }\n`, 'unknown key "base_url"', 'replay.base_url'],
    ['model: judge-1', `model: judge-1, »url: ${evil}`, 'unknown key "url"', 'judge.url'],
  ])('a key that it does not have: %j, %j', async (from, to, message, field) => {
    const { text, line, column } = findMark(edit(from, to))
    const refused = await refuse(text)
    expect(refused.message).toContain(message)
    expect(refused.where).toEqual({ file: 'gate.yml', line, column, field })
    expect(refused.remedy).toBe('remove it or correct its name')
  })

  it.each([
    ['judge: { model: judge-1 }', 'judge: { model: judge-1, »model: other }'],
    ['    limit: 0.5%', '    limit: 0.5%\n    »limit: 50%'],
    ['rubric: builtin }', 'rubric: builtin, limit: 1%, »limit: 9% }'],
    ['', '»version: 1\n'],
  ])('a key that is written twice: %j, %j', async (from, to) => {
    const { text, line, column } = findMark(edit(from, to))
    const refused = await refuse(text)
    expect(refused.message).toBe('the same key is written twice')
    expect(refused.where).toMatchObject({ file: 'gate.yml', line, column })
  })

  it('a key that is written twice in JSON', async () => {
    const json = JSON.stringify(parse(policyText), null, 2)
    const marked = json.replace('"limit": "0.5%"', '"limit": "0.5%",\n      »"limit": "50%"')
    const { text, line, column } = findMark(marked)
    expect(await refuse(text, 'gate.json')).toMatchObject({
      message: 'the same key is written twice',
      where: { file: 'gate.json', line, column },
    })
  })

  it.each([
    ['version: 1', 'version: »2', 'Invalid input: expected 1', 'version'],
    ['version: 1', '»name: 1', 'unknown key "name"', 'name'],
    ['turns: 400', 'turns: »"400"', 'expected number, received string', 'sample.turns'],
    ['turns: 400', 'turns: »0', 'expected number to be >=1', 'sample.turns'],
    ['turns: 400', 'turns: »0.5', 'expected int', 'sample.turns'],
    ['turns: 400', 'turns: ».inf', 'received Infinity', 'sample.turns'],
    ['turns: 400', 'turns: »99999999', 'Too big', 'sample.turns'],
    ['epoch: 2026-11', 'epoch: »[a]', 'expected a name or a whole number', 'sample.epoch'],
    ['epoch: 2026-11', 'epoch: »1.5', 'expected a name or a whole number', 'sample.epoch'],
    ['epoch: 2026-11', 'epoch: »true', 'expected a name or a whole number', 'sample.epoch'],
    ['epoch: 2026-11', 'epoch: »""', 'Too small', 'sample.epoch'],
    ['file: deploy/model.yaml', 'file: »7', 'expected string, received number', 'checkpoint.file'],
    ['{ model: judge-1 }', '»judge-1', 'expected object, received string', 'judge'],
    ['id: leaks', 'id: »"a b"', 'an id is 1 to 64 letters', 'categories[2].id'],
    ['id: leaks', 'id: »"a|b"', 'an id is 1 to 64 letters', 'categories[2].id'],
    ['id: leaks', 'id: »over-refusal', 'two categories are called "over-refusal"', 'categories[2].id'],
    ['role: watch', 'role: »ignore', 'expected one of "block"|"watch"', 'categories[2].role'],
    ['kind: pattern', 'kind: »patern', "Expected 'judge' | 'pattern'", 'categories[2].graders[0].kind'],
    ['[BEGIN]', '[BEGIN, »"(?=x)"]', "not a regular expression in RE2's", 'categories[2].graders[0].any[1]'],
    ['[BEGIN]', '»[]', 'Too small', 'categories[2].graders[0].any'],
    ['[{ kind: pattern, any: [BEGIN] }]', '»[]', 'Too small', 'categories[2].graders'],
    [categories, 'categories: »[]\n', 'a gate without categories can decide nothing', 'categories'],
    [categories, 'categories: »{}\n', 'expected array, received object', 'categories'],
    [categories, 'categories:\n  - »builtin\n', 'expected object, received string', 'categories[0]'],
    ['', 'gate: { alpha: »0 }\n', 'Too small', 'gate.alpha'],
    ['', 'gate: { alpha: ».nan }\n', 'received NaN', 'gate.alpha'],
    ['', 'gate: { alpha: »0.5 }\n', 'Too big', 'gate.alpha'],
    ['', 'gate: { regression_alpha: »1e-300 }\n', 'Too small', 'gate.regression_alpha'],
    ['', 'gate: { missing_budget: »0.01 }\n', 'a bare 0.01', 'gate.missing_budget'],
    ['', 'gate: { missing_budget: »101% }\n', 'more than every turn', 'gate.missing_budget'],
    [
      '',
      'gate: { on_inconclusive: »green }\n',
      'expected one of "fail"|"warn"|"pass"',
      'gate.on_inconclusive',
    ],
    ['', 'gate: { on_judge: »no }\n', 'expected one of "fail"|"warn"|"pass"', 'gate.on_judge'],
    [
      '',
      'gate: { early_stopping: »on }\n',
      'expected one of "hybrid"|"anytime"|"off"',
      'gate.early_stopping',
    ],
    ['turns: 400', 'turns: 400, target: »{ a: 100% }', 'a target mix needs `strata`', 'sample.target'],
    [
      'turns: 400',
      'turns: 400, strata: [s], target: »{ a: 60%, b: 30% }',
      'the shares add up to 90 %, not 100 %',
      'sample.target',
    ],
    [
      'limit: 0.5%',
      'limit: »0.4 per 100k',
      'under 0.5 per 100k no replay shows a rate',
      'categories[1].limit',
    ],
    ['limit: 0.5%', 'margin: »0%', 'a margin of 0 can never be passed', 'categories[1].margin'],
    ['limit: 0.5%', 'regression: »false', 'blocks and tests nothing', 'categories[1].regression'],
    ['', 'replay: { timeout_s: ».inf }\n', 'received Infinity', 'replay.timeout_s'],
    ['', 'replay: { concurrency: »0 }\n', 'Too small', 'replay.concurrency'],
    ['', 'replay: { concurrency: »Auto }\n', 'expected `auto`, or how many requests', 'replay.concurrency'],
    ['', 'replay: { via: »queue }\n', 'expected one of "live"|"batch"', 'replay.via'],
    [
      'judge: { model: judge-1',
      'judge: { model: judge-1, via: »file',
      'expected one of "live"|"batch"',
      'judge.via',
    ],
    [
      'path: serving.checkpoint }',
      'path: serving.checkpoint, digest: d, served_digest: { header: x } }\nreplay: { via: »batch }',
      'answers of a batch have no headers',
      'replay.via',
    ],
    ['', 'prices: { m: { input: 1, output: 1, batch: »0.5 } }\n', 'unit', 'prices.m.batch'],
    ['', 'budget: { max_usd: »0 }\n', 'Too small', 'budget.max_usd'],
    ['', 'budget: { max_usd: ».inf }\n', 'received Infinity', 'budget.max_usd'],
    ['', 'budget: { max_tokens: »1.5 }\n', 'expected int', 'budget.max_tokens'],
    [
      '',
      'budget: { max_usd: »5 }\n',
      '`budget.max_usd` can\'t be held: no price is known of "judge-1", which will be asked; give each a line in `prices`',
      'budget.max_usd',
    ],
    ['', 'budget: { max_requests: »-1 }\n', 'Too small', 'budget.max_requests'],
    ['', 'budget: { max_minutes: ».nan }\n', 'received NaN', 'budget.max_minutes'],
    ['', 'prices: { m: { input: ».nan, output: 1 } }\n', 'received NaN', 'prices.m.input'],
    ['', 'prices: { m: »{ input: 1 } }\n', 'it is missing', 'prices.m.output'],
    ['', 'slices: [a, »7]\n', 'expected string, received number', 'slices[1]'],
    ['', 'retain_text: »all\n', 'expected one of "none"|"artifact"', 'retain_text'],
  ])('a value that does not fit: %j, %j', async (from, to, message, field) => {
    const { text, line, column } = findMark(edit(from, to))
    const refused = await refuse(text)
    expect(refused.message).toContain(message)
    expect(refused.where).toEqual({ file: 'gate.yml', line, column, field })
    expect(refused.remedy).not.toBe('')
  })

  it.each([
    ['rubric: builtin', 'role: block', 'category "over-refusal" needs either `rubric` or `graders`', 7, 0],
    ['any: [BEGIN] }]', 'any: [x] }], rubric: a', 'category "leaks" needs either `rubric` or', 11, 2],
    ['judge: { model: judge-1 }', '', 'the policy has no `judge`: name its model', 7, 0],
  ])('a category that can not be graded: %j, %j', async (from, to, message, line, index) => {
    const refused = await refuse(edit(from, to))
    expect(refused.message).toContain(message)
    expect(refused.where).toEqual({ file: 'gate.yml', line, column: 5, field: `categories[${index}]` })
  })

  it.each(['version', 'checkpoint', 'corpus', 'sample', 'categories'])('lacking %s', async (key) => {
    const written: Record<string, unknown> = parse(policyText)
    const { [key]: _, ...rest } = written
    const refused = await refuse(JSON.stringify(rest), 'gate.json')
    expect(refused).toMatchObject({
      message: 'it is missing',
      where: { file: 'gate.json', line: 1, column: 1, field: key },
      remedy: 'add it',
    })
  })

  it('being empty', async () => {
    expect(await refuse('')).toMatchObject({ message: 'the file is empty', where: { file: 'gate.yml' } })
  })
})
