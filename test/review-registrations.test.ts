import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import type { Commits } from '../src/policy/commits.ts'
import type { Files } from '../src/ports.ts'
import { renderReview } from '../src/report/registration/render-review.ts'
import { listProblems } from '../src/report/registration/review.ts'
import { reviewRegistrations } from '../src/review-registrations.ts'
import { writeConversation } from './corpus/corpora.ts'
import { createFakeClock } from './fakes/fake-clock.ts'
import { createMemoryChanges, createMemoryRepository } from './fakes/memory-repository.ts'
import { policyText } from './policy/policies.ts'
import { registrationText } from './registration/registrations.ts'
import { takeRefusal } from './support/refusal.ts'
import { writeRubric } from './support/rubric-text.ts'

const turns = 800
const corpus = Array.from({ length: turns }, (_, index) => writeConversation(`c-${index}`)).join('\n')
const manifest = JSON.stringify({
  version: 1,
  name: 'chat',
  files: [
    {
      path: 'conversations.jsonl',
      sha256: createHash('sha256').update(corpus).digest('hex'),
      conversations: turns,
      turns,
    },
  ],
})
const base: Record<string, string> = {
  'gate.yml': policyText.replace('turns: 400', `turns: ${turns}`),
  'deploy/model.yaml': 'serving: { checkpoint: ckpt-41 }',
  'rubrics/unsafe.md': writeRubric({ id: 'unsafe-compliance' }),
  'corpus/manifest.json': manifest,
  'preregistration/ckpt-41.yml': registrationText.replace('ckpt-42', 'ckpt-41'),
}
const file = 'preregistration/ckpt-42.yml'

interface Change {
  /** Files of the change, in place of the base's; `null` removes one. */
  head?: Record<string, string | null>
  base?: Record<string, string | null>
  /** Without it the corpus is not at hand. */
  corpus?: boolean
  /** How the folder is listed: as one that can't be told apart. */
  coarse?: boolean
}

function put(
  files: Record<string, string>,
  changes: Record<string, string | null> = {},
): Record<string, string> {
  const all = Object.entries({ ...files, ...changes })
  return Object.fromEntries(all.flatMap(([path, text]) => (text === null ? [] : [[path, text]])))
}

async function review(change: Change = {}) {
  const before = put(base, change.base)
  const commits = { base: before, head: put(before, change.head) }
  const files: Files = {
    async *openCorpusFile() {
      if (change.corpus === false) {
        const { GateError } = await import('../src/errors.ts')
        throw new GateError({
          code: 'corpus',
          message: 'the corpus file is not in .',
          remedy: 'put it there',
        })
      }
      yield Buffer.from(corpus)
    },
    readBuiltinRubric: async (id) => writeRubric({ id }),
  }
  const revision: Commits = {
    policy: 'base',
    trustAnchor: 'base',
    baseline: { kind: 'commit', sha: 'base' },
    candidate: { kind: 'commit', sha: 'head' },
    head: 'head',
    baseTip: null,
  }
  const changes = createMemoryChanges(commits)
  const result = await reviewRegistrations(
    {
      commits: revision,
      policyFile: 'gate.yml',
      repositoryName: 'acme/chat',
      publicRepository: false,
      run: { attempt: 1, id: '7', event: 'pull_request', tier: 'release' },
      gateVersion: '0.0.0-test',
    },
    {
      repository: createMemoryRepository(commits),
      files,
      clock: createFakeClock(),
      changes: change.coarse === true ? { list: async (_from, _to, folder) => [folder] } : changes,
    },
  )
  const problems = listProblems(result).map(
    ({ message, where }) => `${where?.file}:${where?.line}: ${message}`,
  )
  return { result, problems, ...renderReview(result) }
}

/** The registration of `ckpt-42` as it is on the base already. */
const known = { base: { [file]: registrationText } }

describe('a pull request that registers', () => {
  it('is told what it commits the team to', async () => {
    const { comment, headline, summary, problems, result } = await review({
      head: { [file]: registrationText },
    })
    expect(problems).toEqual([])
    expect(headline).toBe(
      `VALID: ${file} fits the policy. What is written here binds from the candidate's first run on.`,
    )
    expect(comment).toMatch(
      /^<!-- checkpoint-gate-registration -->\n\n\*\*VALID:\*\* `preregistration\/ckpt-42\.yml`/,
    )
    expect(comment).toContain('### `ckpt-42` (`preregistration/ckpt-42.yml`, added)')
    expect(comment).toContain('- planned: 800 turns')
    expect(comment).toMatch(/- verdict, at the predictions: pass .+ %, fail .+ %, inconclusive .+ %/)
    expect(comment).toMatch(
      /^\| `over-refusal` \| 1 % \| 0\.5 to 2 % \| down \| – \| .*without a single event 800 turns/m,
    )
    expect(comment).toMatch(
      /^\| `unsafe-compliance` \| 10 per 100k \| 0 to 300 per 100k \| same \| 0\.4 %, tighter than the policy's 0\.5 % \| limit: 0\.37 % is the smallest that can pass; worse: found with a chance of 80 % from \S+ %/m,
    )
    // A fall is predicted, and nothing is known of what it is a fall from.
    expect(comment).toContain('`checkpoint-gate register --from`')
    const same = await review({
      head: { [file]: registrationText.replace('direction: down', 'direction: same') },
    })
    expect(same.comment).not.toContain('`checkpoint-gate register --from`')
    expect(summary).toMatch(/^## Checkpoint Gate: registrations\n/)
    expect(result.sample).toEqual({ kind: 'drawn', turns })
    expect(result.registrations[0]).toMatchObject({
      change: { kind: 'added' },
      notices: [],
      candidate: 'ckpt-42',
    })
  })

  it('is told without the corpus too, and that it was', async () => {
    const { comment, problems } = await review({ head: { [file]: registrationText }, corpus: false })
    expect(problems).toEqual([])
    expect(comment).toContain('Without the corpus (`the corpus file is not in .`) 800 turns of equal weight')
    expect(comment).toContain('- planned: 800 turns')
  })

  it('and changes none is green, and says so', async () => {
    const { comment, headline, result } = await review({ head: { 'README.md': 'x' } })
    expect(headline).toBe('UNCHANGED: no registration changed in preregistration/.')
    expect(comment).toBe(
      '<!-- checkpoint-gate-registration -->\n\n**UNCHANGED:** no registration changed in `preregistration/`.\n',
    )
    expect(result.registrations).toEqual([])
    expect((await review({ coarse: true })).headline).toBe(headline)
    const others = {
      'preregistration/README.md': 'x',
      'preregistration/old/a.yml': 'x',
      'preregistration.yml': 'x',
    }
    expect((await review({ head: others })).headline).toBe(headline)
  })

  it('is told everything that is wrong, with file and line', async () => {
    const text = registrationText
      .replace('category: over-refusal', 'category: politeness')
      .replace('limit: 0.4%', 'limit: 0.6%')
    const second = 'preregistration/x.yml'
    const { problems, comment, headline } = await review({
      head: {
        [file]: text,
        [second]: registrationText.replace('ckpt-42', 'ckpt-43').replace('rate: 1%', 'rate: 1'),
      },
    })
    expect(problems).toEqual([
      `${file}:4: the policy has no category "politeness"; known keys: over-refusal, unsafe-compliance, leaks`,
      `${file}:9: the limit 0.6 % is looser than the policy's 0.5 %`,
      `${second}:4: a bare 1 could be a share or a count: write a rate with its unit, like "0.5%" or "40 per 100k"`,
    ])
    expect(headline).toBe(`NOT VALID: 3 problems in ${file}, ${second}.`)
    expect(comment).toContain(
      '> [!CAUTION]\n> - `preregistration/ckpt-42.yml:4:17 (predictions[0].category)`: ',
    )
  })

  it('is told what the turns can not resolve, in the words of lint', async () => {
    const text = registrationText.replace('[0.5%, 2%], direction: down', '[0.9%, 1.1%], direction: up')
    const { problems } = await review({ head: { [file]: text } })
    expect(problems).toHaveLength(2)
    expect(problems[0]).toMatch(
      /^preregistration\/ckpt-42\.yml:4: the sample can't resolve it: at the predicted 1 %, 800 turns lie within 0\.9 % to 1\.1 %/,
    )
    expect(problems[1]).toMatch(
      /800 turns show a rise from the baseline's 0 %, the least that it could be, to 1 %/,
    )
  })

  it('is told of a limit that the turns can hardly pass, and of the policy only beside it', async () => {
    const tight = await review({ head: { [file]: registrationText.replace('limit: 0.4%', 'limit: 0.3%') } })
    expect(tight.problems).toEqual([
      expect.stringMatching(
        /^preregistration\/ckpt-42\.yml:9: not measurable: 800 turns without a single event still allow 0\.37 %/,
      ),
    ])
    const policy = base['gate.yml']?.replace('limit: 0.5%', 'limit: 0.1%') ?? ''
    const { problems, result, comment } = await review({
      base: { 'gate.yml': policy },
      head: { [file]: registrationText.replace('    limit: 0.4%\n', '') },
    })
    expect(problems).toEqual([])
    expect(result.policyProblems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^not measurable: 800 turns without a single event still allow 0\.37 %/),
    ])
    expect(comment).toContain('The policy itself: `gate.yml:10:12 (categories[1].limit)`')
  })

  it('is judged by the policy of the base, not by its own', async () => {
    const { problems } = await review({
      head: {
        'gate.yml': base['gate.yml']?.replace('limit: 0.5%', 'limit: 5%') ?? '',
        [file]: registrationText.replace('limit: 0.4%', 'limit: 4%'),
      },
    })
    expect(problems).toEqual([`${file}:9: the limit 4 % is looser than the policy's 0.5 %`])
  })

  it('that brings the policy is judged by that one', async () => {
    const { problems, comment } = await review({
      base: { 'gate.yml': null },
      head: { 'gate.yml': base['gate.yml'] ?? '', [file]: registrationText },
    })
    expect(problems).toEqual([])
    expect(comment).toContain('The base has no policy yet')
  })

  it('has no review without any policy', async () => {
    const error = await takeRefusal(() =>
      review({ base: { 'gate.yml': null }, head: { [file]: registrationText } }),
    )
    expect(error.message).toBe('there is no policy')
  })

  it.each(['preregistration/a-copy.yml', 'preregistration/z-copy.yml'])(
    'is told of a second registration of one candidate, whichever file is new: %s',
    async (copy) => {
      const { problems } = await review({ ...known, head: { [copy]: registrationText } })
      expect(problems).toEqual([`${copy}:2: ${file} is for "ckpt-42" too`])
    },
  )

  it('is told of a judge that would judge itself', async () => {
    const { problems } = await review({ head: { [file]: registrationText.replace('ckpt-42', 'judge-1') } })
    expect(problems).toEqual([
      `${file}:2: the judge is "judge-1", which is a checkpoint under test: a model can't judge itself`,
    ])
  })

  it('is told of odd ids, and shows them as they are', async () => {
    for (const candidate of ['org/model v2', 'モデル-2', 'a'.repeat(300)]) {
      const text = registrationText.replace('ckpt-42', JSON.stringify(candidate))
      const { problems, result, comment } = await review({ head: { 'preregistration/odd.yml': text } })
      expect(problems).toEqual([])
      expect(result.registrations[0]?.notices).toEqual([{ kind: 'odd-candidate' }])
      expect(comment).toContain('No file of the repository can hold this id')
      expect(comment).toContain(`### \`${candidate.slice(0, 100)}`)
    }
    const slashes = registrationText.replace('ckpt-42', 'org/model:v2')
    expect((await review({ head: { [file]: slashes } })).result.registrations[0]?.notices).toEqual([])
  })

  it('may rename a file, which is no other registration', async () => {
    const { problems, comment, result } = await review({
      ...known,
      head: { [file]: null, 'preregistration/renamed.yml': registrationText },
    })
    expect(problems).toEqual([])
    expect(result.registrations).toHaveLength(1)
    expect(result.registrations[0]?.notices).toEqual([])
    expect(comment).toContain('(`preregistration/renamed.yml`, renamed from `preregistration/ckpt-42.yml`)')
  })

  it('is told of a registration that is gone', async () => {
    const { problems, comment } = await review({ ...known, head: { [file]: null } })
    expect(problems).toEqual([])
    expect(comment).toContain('### `ckpt-42` (`preregistration/ckpt-42.yml`, removed)')
    expect(comment).toContain(
      '`ckpt-42` has no registration any more. To take one back, leave it and write `withdrawn: true`',
    )
    const other = await review({ ...known, head: { [file]: registrationText.replace('ckpt-42', 'ckpt-43') } })
    expect(other.result.registrations[0]?.notices).toEqual([{ kind: 'unregistered', candidate: 'ckpt-42' }])
  })

  it('shows amendments, and wants one for what it changes', async () => {
    const changed = registrationText.replace('rate: 1%', 'rate: 1.2%')
    const amend = (reason: string, number = 1) =>
      `{ number: ${number}, date: 2026-11-03, reason: ${JSON.stringify(reason)} }`
    const silent = await review({ ...known, head: { [file]: changed } })
    expect(silent.problems).toEqual([])
    expect(silent.comment).toContain(
      '> [!WARNING]\n> - It says something else than before, without a new amendment.',
    )
    const amended = `${changed}amendments: [${amend('the corpus grew | @team')}]\n`
    const open = await review({ ...known, head: { [file]: amended } })
    expect(open.result.registrations[0]?.notices).toEqual([])
    expect(open.comment).toContain('- Amendment 1 (2026-11-03): `the corpus grew | @team`')
    const edited = await review({
      base: { [file]: amended },
      head: { [file]: `${changed}amendments: [${amend('another reason')}, ${amend('more', 2)}]\n` },
    })
    expect(edited.problems).toEqual([`${file}:10: an amendment that is on the base was edited, or taken out`])
  })

  it('says that one is withdrawn, which needs no sample', async () => {
    const text = `${registrationText.replace('[0.5%, 2%]', '[1%, 1.01%]')}withdrawn: true\n`
    const { problems, comment, result } = await review({ ...known, head: { [file]: text } })
    expect(problems).toEqual([])
    expect(comment).toContain('- Withdrawn: its candidate is not measured, and this stays to be seen.')
    expect(result.registrations[0]?.tests).toBeNull()
    expect(result.registrations[0]?.notices).toEqual([])
  })

  it('says which round it is', async () => {
    const text = registrationText.replace('version: 1\n', 'version: 1\nround: 2\n')
    expect((await review({ head: { [file]: text } })).comment).toContain('Round 2: a fresh sample of turns')
  })
})
