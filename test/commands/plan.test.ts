import { cp, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { printPlan } from '../../src/commands/plan.ts'
import { takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

async function plan(options: { candidate?: string; edit?: [string, string]; json?: boolean } = {}) {
  const folder = join(await makeFolder(), 'demo')
  await cp(resolve(root, 'examples/demo'), folder, { recursive: true })
  const [from, to] = options.edit ?? ['', '']
  const file = join(folder, 'checkpoint-gate.yml')
  await writeFile(file, (await readFile(file, 'utf8')).replace(from, to))
  const printed: string[] = []
  const exitCode = await printPlan(
    {
      folder,
      policy: 'checkpoint-gate.yml',
      baseline: 'demo-baseline',
      candidate: options.candidate ?? 'demo-good',
      rubrics: resolve(root, 'rubrics'),
      repository: 'checkpoint-gate/demo',
      json: options.json ?? false,
    },
    (text) => printed.push(text),
  )
  return { exitCode, text: printed.join('\n') }
}

describe('plan', () => {
  it('says what the demo can show and cost, without an endpoint', async () => {
    const { exitCode, text } = await plan()
    expect(exitCode).toBe(0)
    expect(text).toContain('400 turns of 600 conversations')
    expect(text).toContain('800 completions and at most 3200 judgements')
    expect(text).toMatch(/cost: at most about \$\d/)
    expect(text).toMatch(
      /over-refusal: predicted 1\.5 %, limit 6 %\n {2}worse than the baseline: found with a chance of 80 % from \d/,
    )
    expect(text).not.toContain('PROBLEM')
  })

  it("refuses a limit that the sample can't pass at all, and says three ways out", async () => {
    const { exitCode, text } = await plan({ edit: ['limit: 1% }', 'limit: 0.5% }'] })
    expect(exitCode).toBe(3)
    expect(text).toMatch(
      /PROBLEM: not measurable: 400 turns .* the limit is 0\.5 %; draw at least \d+ turns, raise the limit, or set `role: watch`/,
    )
  })

  it('refuses one that it hardly ever passes at the prediction', async () => {
    const { exitCode, text } = await plan({ edit: ['limit: 6%', 'limit: 2%'] })
    expect(exitCode).toBe(3)
    expect(text).toMatch(
      /PROBLEM: at the predicted 1\.5 % it passes its limit of 2 % with a chance of only \d+ %; draw at least \d+ turns/,
    )
  })

  it('is data for programs too', async () => {
    const { text } = await plan({ json: true })
    expect(JSON.parse(text)).toMatchObject({
      version: 1,
      turns_drawn: 400,
      requests: { completions: 800, judgements_at_most: 3200 },
      categories: expect.arrayContaining([
        expect.objectContaining({
          id: 'over-refusal',
          limit_per_100k: 6000,
          predicted_per_100k: 1500,
          problem: null,
        }),
      ]),
    })
  })

  it('says when the corpus has fewer conversations than were asked for', async () => {
    const { text } = await plan({ edit: ['turns: 400', 'turns: 5000'] })
    expect(text).toContain('600 turns of 600 conversations, 5000 were asked for')
  })

  it('has nothing to plan for an unchanged checkpoint', async () => {
    const error = await takeRefusal(() => plan({ candidate: 'demo-baseline' }))
    expect(error.message).toContain('on both sides')
  })
})
