import { describe, expect, it } from '@jest/globals'
import { type Action, resolveInputs } from './action.ts'

const expression = (body: string) => `\${{${body}}}`

const action: Action = {
  main: 'main.js',
  defaults: {
    token: expression(' github.token '),
    'api-url': `${expression('github.api_url')}/x`,
    Mode: 'smoke',
  },
  outputs: [],
}

const github = (name: string) => ({ token: 'ghs_1', api_url: 'http://127.0.0.1' })[name]

describe('resolveInputs', () => {
  it('names variables as the runner does and evaluates defaults', () => {
    expect(resolveInputs({ action, inputs: { mode: 'release' }, github })).toEqual({
      variables: { INPUT_TOKEN: 'ghs_1', 'INPUT_API-URL': 'http://127.0.0.1/x', INPUT_MODE: 'release' },
      unexpected: [],
    })
  })

  it('refuses a default that it cannot evaluate', () => {
    const strange = { ...action, defaults: { a: expression("format('{0}', 1)") } }
    expect(() => resolveInputs({ action: strange, inputs: {}, github })).toThrow("can't evaluate")
    expect(resolveInputs({ action: strange, inputs: { a: 'given' }, github }).variables).toEqual({
      INPUT_A: 'given',
    })
  })
})
