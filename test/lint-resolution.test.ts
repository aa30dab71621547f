import { describe, expect, it } from '@jest/globals'
import { edit } from './registration/registrations.ts'
import { useLintFolders } from './support/lint-folder.ts'

const { findProblems } = useLintFolders()
const file = 'preregistration/ckpt-42.yml'

describe('lint of predictions', () => {
  it('refuses an interval that 800 turns can not resolve, and says what to do', async () => {
    const problems = await findProblems({ [file]: edit('[0.5%, 2%]', '[0.9%, 1.1%]') })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(
      /^preregistration\/ckpt-42\.yml:4:51 \(predictions\[0\]\.interval\): the sample can't resolve it: at the predicted 1 %, 800 turns lie within 0\.9 % to 1\.1 % with a chance of only \d+ %\n {2}→ widen the interval to 0\.38 % to 1\.8 %, or draw about \d+ turns$/,
    )
  })

  it('refuses a rise that no baseline makes visible', async () => {
    const problems = await findProblems({ [file]: edit('direction: down', 'direction: up') })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(
      /^preregistration\/ckpt-42\.yml:4:74 \(predictions\[0\]\.direction\): .* show a rise from the baseline's 0 %, the least that it could be, to 1 % with a chance of only \d+ %/,
    )
  })

  it('has nothing against the intervals that it advises', async () => {
    expect(await findProblems({ [file]: edit('[0.5%, 2%]', '[0.38%, 1.8%]') })).toEqual([])
  })

  it('blames one that was withdrawn for nothing', async () => {
    const text = `${edit('[0.5%, 2%]', '[0.9%, 1.1%]').replace('limit: 0.4%', 'limit: 0.1%')}withdrawn: true\n`
    expect(await findProblems({ [file]: text })).toEqual([])
  })

  it('tells everything in one that does not fit the policy', async () => {
    const text = edit('limit: 0.4%', 'limit: 0.6%').replace('category: over-refusal', 'category: refusals')
    const problems = await findProblems({ [file]: text })
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([`${file}:4:17`, `${file}:9:12`])
  })
})
