import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createFiles, createWorkTree } from '../src/adapters/files.ts'
import { formatError } from '../src/errors.ts'
import { lint } from '../src/lint.ts'
import { writeConversation } from './corpus/corpora.ts'
import { edit as editPolicy } from './policy/policies.ts'
import { edit as editRegistration, registrationText } from './registration/registrations.ts'
import { conversations, policy, rubrics, surfaces, useLintFolders } from './support/lint-folder.ts'
import { root } from './support/shared.ts'

const { lintFolder, findProblems } = useLintFolders()

describe('lint', () => {
  it('finds nothing wrong where nothing is, and says what it looked at', async () => {
    const { problems, checked } = await lintFolder()
    expect(problems).toEqual([])
    expect(checked).toEqual([
      'policy gate.yml: 3 categories',
      'checkpoint deploy/model.yaml: ckpt-41',
      'registration preregistration/ckpt-42.yml: candidate ckpt-42',
      'rubric builtin:over-refusal',
      'rubric rubrics/unsafe.md',
      'corpus x: 800 conversations',
    ])
  })

  it('finds nothing wrong with the demo', async () => {
    const folder = join(root, 'examples', 'demo')
    const { problems, checked } = await lint({
      repository: createWorkTree(folder),
      sha: 'work tree',
      files: createFiles({ corpus: folder, rubrics }),
      policyFile: 'checkpoint-gate.yml',
      now: new Date('2026-11-02T00:00:00Z'),
    })
    expect(problems).toEqual([])
    expect(checked).toHaveLength(9)
  })

  it('warns of a time limit that a job on a hosted runner can not keep', async () => {
    const warn = async (minutes: number) => {
      const { warnings } = await lintFolder({ 'gate.yml': `${policy}budget: { max_minutes: ${minutes} }\n` })
      return warnings.filter((warning) => warning.startsWith('budget.max_minutes'))
    }
    expect(await warn(355)).toEqual([])
    expect(await warn(356)).toEqual([expect.stringContaining('after 340 in any case, and a rerun goes on')])
  })

  it('finds a budget in dollars that can not be held, as the served checkpoint has no price', async () => {
    const prices = 'prices: { judge-1: { input: 1, output: 1 } }'
    const problems = await findProblems({ 'gate.yml': `${policy}budget: { max_usd: 5 }\n${prices}\n` })
    expect(problems).toEqual([expect.stringContaining('no price is known of "ckpt-41", which will be asked')])
    const priced = prices.replace(' }', " }, 'ckpt-*': { input: 1, output: 1 } ")
    expect(await findProblems({ 'gate.yml': `${policy}budget: { max_usd: 5 }\n${priced}\n` })).toEqual([])
  })

  it('goes on after a problem to find the others', async () => {
    const problems = await findProblems({
      'gate.yml': policy
        .replace('limit: 0.5%', 'limit: 0.3%')
        .replace('rubric: builtin', 'rubric: builtin:gone'),
      'preregistration/ckpt-42.yml': editRegistration('rate: 1%', 'rate: 1'),
      'preregistration/ckpt-43.yml': 'candidate: "',
      'rubrics/unsafe.md': '# nothing',
      'corpus/conversations.jsonl': null,
      'corpus/manifest.json': '{}',
    })
    expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
      expect.stringMatching(
        /^preregistration\/ckpt-42\.yml:4:37 \(predictions\[0\]\.rate\): a bare 1 could be/,
      ),
      expect.stringMatching(/^preregistration\/ckpt-43\.yml:1:13: not valid YAML or JSON/),
      'builtin:gone: no rubric called "gone" is shipped',
      expect.stringMatching(/^rubrics\/unsafe\.md:1: a rubric begins with front matter/),
      'corpus/manifest.json:1:1 (version): it is missing',
      expect.stringMatching(/^gate\.yml:10:12 \(categories\[1\]\.limit\): not measurable/),
    ])
  })

  it.each([
    ['there is no policy', null],
    ['the file is empty', ''],
    ['unknown key', editPolicy('', 'sed: 1\n')],
  ])('stops at a policy that can not be read: %s', async (message, text) => {
    const { problems, checked } = await lintFolder({ 'gate.yml': text })
    expect(problems).toHaveLength(1)
    expect(problems[0]?.message).toContain(message)
    expect(problems[0]?.where?.file).toBe('gate.yml')
    expect(checked).toEqual([])
  })
})

describe('lint of limits', () => {
  const limitTo = (limit: string) => policy.replace('limit: 0.5%', `limit: ${limit}`)
  const loose = registrationText.replace('    limit: 0.4%\n', '').replace('[0.5%, 2%]', '[0%, 3%]')

  it.each(['0.3%', '1 per 100k', '370 per 100k'])(
    'refuses one that not even a clean sample can pass: %s',
    async (limit) => {
      const problems = await findProblems({
        'gate.yml': limitTo(limit),
        'preregistration/ckpt-42.yml': loose,
      })
      expect(problems).toHaveLength(1)
      expect(problems[0]).toMatch(
        /^gate\.yml:10:12 \(categories\[1\]\.limit\): not measurable: 800 turns without/,
      )
    },
  )

  // 1 − .05^(1/n) is .374 % at 800 and .994 % at 300; .05 ≤ (1 − .0001)^n first holds at n = 29,956.
  it.each([
    { turns: 800, rate: '0.38 %' },
    { turns: 300, rate: '1 %' },
  ])(
    'passes the rate that it advises, and knows how many turns it takes: $turns',
    async ({ turns, rate }) => {
      const findAt = (limit: string) =>
        findProblems({
          'gate.yml': limitTo(limit).replace('turns: 800', `turns: ${turns}`),
          'preregistration/ckpt-42.yml': loose,
        })
      const [problem] = await findAt('0.01%')
      expect(problem).toContain(`draw at least 29956 turns, raise the limit to ${rate} or more`)
      expect(await findAt(rate)).toEqual([])
    },
  )

  it('refuses a limit of 0, which nothing passes', async () => {
    const [problem, ...others] = await findProblems({
      'gate.yml': limitTo('0%'),
      'preregistration/ckpt-42.yml': loose,
    })
    expect(others).toEqual([])
    expect(problem).toMatch(
      /^gate\.yml:10:12 \(categories\[1\]\.limit\): not measurable: a limit of 0 is never passed/,
    )
  })

  it('blames a registration for the rate and the limit that it has, and the policy for its own', async () => {
    // 800 turns pass 0.5 % at 0 events: at a rate of 0.2 % with a chance of .998^800 = .2.
    const predict = (from: string, to: string) =>
      findProblems({ 'preregistration/ckpt-42.yml': editRegistration(from, to) })
    const [tighter, ...others] = await predict('limit: 0.4%', 'limit: 0.3%')
    expect(others).toEqual([])
    expect(tighter).toMatch(
      /^preregistration\/ckpt-42\.yml:9:12 \(predictions\[1\]\.limit\): not measurable: 800 turns without a single event still allow 0\.37 %, the limit is 0\.3 %/,
    )
    const [rate] = await findProblems({
      'preregistration/ckpt-42.yml': loose
        .replace('rate: 10 per 100k', 'rate: 0.2%')
        .replace('[0%, 0.3%]', '[0%, 1%]'),
    })
    expect(rate).toMatch(
      /^preregistration\/ckpt-42\.yml:6:11 \(predictions\[1\]\.rate\): not measurable: at the predicted 0\.2 % it passes its limit of 0\.5 % with a chance of only 20 %/,
    )
  })

  it('refuses a margin that an unchanged checkpoint hardly passes', async () => {
    const [problem, ...others] = await findProblems({
      'gate.yml': policy.replace('limit: 0.5%', 'limit: 0.5%\n    margin: 0.2%'),
      'preregistration/ckpt-42.yml': loose,
    })
    expect(others).toEqual([])
    expect(problem).toMatch(
      /^gate\.yml:11:13 \(categories\[1\]\.margin\): not measurable: even when nothing changed it passes its margin of 0\.2 %/,
    )
  })

  it('counts no more turns than the corpus has conversations', async () => {
    const few = conversations.slice(0, 300).join('\n')
    const problems = await findProblems({
      'corpus/conversations.jsonl': few,
      'preregistration/ckpt-42.yml': loose,
    })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/not measurable: 300 turns without a single event still allow 0\.99 %/)
  })

  it('asks nothing of a category that only watches or has no limit', async () => {
    expect(await findProblems({ 'gate.yml': policy.replace('40 per 100k', '0%') })).toEqual([])
  })
})

describe('lint of the policy', () => {
  it('finds nothing that blocks', async () => {
    const watching = policy
      .replace('rubric: builtin }', 'rubric: builtin, role: watch }')
      .replace('limit: 0.5%', 'limit: 0.5%\n    role: watch')
    const [problem, ...others] = await findProblems({ 'gate.yml': watching })
    expect(others).toEqual([])
    expect(problem).toMatch(
      /^gate\.yml:7:3 \(categories\): nothing blocks: with `role: watch` on every category/,
    )
  })

  it.each([
    [
      'slices: [surfce]',
      /^gate\.yml:12:10 \(slices\[0\]\): no conversation has the metadata key "surfce"; did you mean "surface"\?/,
    ],
    [
      'slices: [metadata.surface]',
      /^gate\.yml:12:10 \(slices\[0\]\): no conversation has the metadata key "metadata\.surface"/,
    ],
  ])('finds a key that no conversation has: %s', async (slices, message) => {
    const [problem, ...others] = await findProblems({ 'gate.yml': `${policy}${slices}\n`, ...surfaces })
    expect(others).toEqual([])
    expect(problem).toMatch(message)
  })

  it('finds strata that no conversation has, and parts of the target that the corpus has nothing of', async () => {
    const sample = (text: string) => policy.replace('epoch: 2026-11 }', `epoch: 2026-11, ${text} }`)
    const ask = (text: string) => findProblems({ 'gate.yml': sample(text), ...surfaces })
    expect(await ask('strata: [metadata.surface]')).toEqual([])
    expect(await ask('strata: [metadata.surface], target: { app: 50%, web: 50% }')).toEqual([])
    const [key] = await ask('strata: [metadata.surfce]')
    expect(key).toMatch(
      /^gate\.yml:4:48 \(sample\.strata\[0\]\): no conversation has the metadata key "metadata\.surfce"; did you mean "surface"/,
    )
    const [cell, ...others] = await ask('strata: [surface], target: { app: 50%, web: 40%, phone: 10% }')
    expect(others).toEqual([])
    expect(cell).toMatch(
      /^gate\.yml:4:\d+ \(sample\.target\.phone\): the corpus has no conversation of the stratum "phone", which has 10 % of the traffic/,
    )
    expect(cell).toContain('(surface=app; surface=web)')
    const [foreign] = await ask('strata: [surface], target: { phone: 100% }')
    expect(foreign).toContain("the target mix can't be used: the corpus has no conversation of any stratum")
  })

  it.each([
    [
      null,
      /^gate\.yml:2:21 \(checkpoint\.file\): the file of the checkpoint id, deploy\/model\.yaml, is not there/,
    ],
    ['serving: {}', /^deploy\/model\.yaml \(serving\.checkpoint\): the checkpoint id is not there/],
    [
      'serving: { checkpoint: judge-1 }',
      /^gate\.yml \(judge\.model\): the judge is "judge-1", which is a checkpoint under test/,
    ],
  ])('follows the pointer to the checkpoint: %p', async (text, message) => {
    const problems = await findProblems({ 'deploy/model.yaml': text })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(message)
  })

  it('reads calibrations', async () => {
    const named = policy.replace('limit: 0.5%', 'limit: 1%\n    calibration: calibration/unsafe.yml')
    const write = (category: string, flagged: number) =>
      `version: 1\ncategory: ${category}\npositives: { turns: 60, flagged: ${flagged} }\nnegatives: { turns: 300, flagged: 1 }\n`
    const ask = (text: string | null) =>
      lintFolder({ 'gate.yml': named, 'calibration/unsafe.yml': text, 'preregistration/ckpt-42.yml': null })
    const fine = await ask(write('unsafe-compliance', 58))
    expect(fine.problems).toEqual([])
    expect(fine.checked).toContain('calibration calibration/unsafe.yml')
    const problems = async (text: string | null) =>
      (await ask(text)).problems.map((problem) => formatError(problem))
    expect(await problems(null)).toEqual([
      expect.stringMatching(/^calibration\/unsafe\.yml: the calibration of "unsafe-compliance" is not there/),
    ])
    expect(await problems(write('over-refusal', 58))).toEqual([
      expect.stringMatching(/^calibration\/unsafe\.yml \(category\): it is of the category "over-refusal"/),
    ])
    expect(await problems(write('unsafe-compliance', 61))).toEqual([
      expect.stringMatching(
        /^calibration\/unsafe\.yml:3:12 \(positives\): more are flagged than there are turns/,
      ),
    ])
    expect(await problems(write('unsafe-compliance', 0))).toEqual([
      expect.stringMatching(
        /^gate\.yml:11:18 \(categories\[1\]\.calibration\): not measurable: by its calibration/,
      ),
    ])
  })
})

describe('lint of registrations', () => {
  it('refuses two for one candidate', async () => {
    const problems = await findProblems({ 'preregistration/other.json': registrationText })
    expect(problems).toEqual([
      'preregistration/other.json:2:12 (candidate): preregistration/ckpt-42.yml is for "ckpt-42" too\n  → keep one of them',
    ])
  })

  it.each([
    [
      'limit: 0.4%',
      'limit: 0.6%',
      /:9:12 \(predictions\[1\]\.limit\): .* is looser than the policy's 0\.5 %/,
    ],
    ['[0.5%, 2%]', '[2%, 0.5%]', /:4:51 \(predictions\[0\]\.interval\): the interval ends before it begins/],
    ['category: over-refusal', 'category: over-refusing', /:4:17 .*did you mean "over-refusal"\?/],
  ])('refuses one that does not fit the policy: %j, %j', async (from, to, message) => {
    const problems = await findProblems({ 'preregistration/ckpt-42.yml': editRegistration(from, to) })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(message)
  })

  it('says where a prediction lies outside its own interval', async () => {
    const problems = await findProblems({
      'preregistration/ckpt-42.yml': editRegistration('rate: 1%', 'rate: 3%'),
    })
    expect(problems).toEqual([
      'preregistration/ckpt-42.yml:4:37 (predictions[0].rate): the predicted 3 % lies outside its own interval, 0.5 % to 2 %\n  → correct the rate or the interval; no verdict depends on the interval',
    ])
  })

  it('refuses a candidate that is the judge', async () => {
    const problems = await findProblems({
      'preregistration/ckpt-42.yml': editRegistration('candidate: ckpt-42', 'candidate: judge-1'),
    })
    expect(problems).toEqual([expect.stringContaining("a model can't judge itself")])
  })

  it('takes a repository that has none yet', async () => {
    expect(await findProblems({ 'preregistration/ckpt-42.yml': null })).toEqual([])
  })
})

describe('lint of the corpus', () => {
  it('counts what has expired', async () => {
    const expired = writeConversation('old', 1, { expires_at: '2026-11-01T00:00:00Z' })
    const problems = await findProblems({
      'corpus/conversations.jsonl': [...conversations, expired].join('\n'),
    })
    expect(problems).toEqual([
      'corpus/manifest.json: 1 of 801 conversations have expired: they are never replayed\n  → remove them from the corpus and write the manifest anew',
    ])
  })

  it('refuses an empty one', async () => {
    const problems = await findProblems({ 'corpus/conversations.jsonl': '' })
    expect(problems[0]).toMatch(/^corpus\/manifest\.json: the corpus is empty/)
  })

  it('refuses another one than the manifest describes', async () => {
    const wrong = {
      path: 'corpus/conversations.jsonl',
      sha256: '0'.repeat(64),
      conversations: 800,
      turns: 800,
    }
    const manifest = JSON.stringify({ version: 1, name: 'x', files: [wrong] })
    const problems = await findProblems({ 'corpus/manifest.json': manifest })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(
      /^corpus\/conversations\.jsonl: its SHA-256 is .* the manifest says 0000000000000000…/,
    )
  })

  it('refuses one that lies outside its folder', async () => {
    const outside = { path: '../../etc/passwd', sha256: '0'.repeat(64), conversations: 1, turns: 1 }
    const manifest = JSON.stringify({ version: 1, name: 'x', files: [outside] })
    const problems = await findProblems({ 'corpus/manifest.json': manifest })
    expect(problems[0]).toMatch(/^\.\.\/\.\.\/etc\/passwd: the path leads out of its folder/)
  })

  it('needs a manifest', async () => {
    const problems = await findProblems({ 'corpus/manifest.json': null })
    expect(problems[0]).toMatch(/^corpus\/manifest\.json: the corpus manifest is not there/)
  })
})
