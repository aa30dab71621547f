import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createFiles, createWorkTree } from '../src/adapters/files.ts'
import { describeCorpus } from '../src/corpus/describe.ts'
import { formatError } from '../src/errors.ts'
import { type LintResult, lint } from '../src/lint.ts'
import { writeConversation } from './corpus/corpora.ts'
import { edit as editPolicy, policyText } from './policy/policies.ts'
import { edit as editRegistration, registrationText } from './registration/registrations.ts'
import { root } from './support/shared.ts'
import { useTemporaryFolders } from './support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()
const rubrics = join(root, 'rubrics')

/** 700 conversations: enough for the limits of the policy below. */
const conversations = Array.from({ length: 700 }, (_, index) => writeConversation(`c-${index}`))
const policy = policyText.replace('turns: 400', 'turns: 700')

/** A repository without a problem, with some of its files replaced, or removed with `null`. */
async function lintFolder(changes: Record<string, string | null> = {}): Promise<LintResult> {
  const folder = await makeFolder()
  const corpus = changes['corpus/conversations.jsonl'] ?? conversations.join('\n')
  const files: Record<string, string | null> = {
    'gate.yml': policy,
    'preregistration/ckpt-42.yml': registrationText,
    'rubrics/unsafe.md': await readFile(join(rubrics, 'unsafe-compliance.md'), 'utf8'),
    'corpus/conversations.jsonl': corpus,
    ...changes,
  }
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  for (const [path, text] of Object.entries(files)) {
    if (text !== null) await write(path, text)
  }
  const ports = createFiles({ corpus: folder, rubrics })
  if (changes['corpus/manifest.json'] === undefined) {
    const paths = ['corpus/conversations.jsonl']
    await write(
      'corpus/manifest.json',
      JSON.stringify(await describeCorpus({ name: 'x', paths, files: ports })),
    )
  }
  const now = new Date('2026-11-02T00:00:00Z')
  const repository = createWorkTree(folder)
  return lint({ repository, sha: 'work tree', files: ports, policyFile: 'gate.yml', now })
}

async function findProblems(changes: Record<string, string | null>): Promise<string[]> {
  return (await lintFolder(changes)).problems.map((problem) => formatError(problem))
}

describe('lint', () => {
  it('finds nothing wrong where nothing is, and says what it looked at', async () => {
    const { problems, checked } = await lintFolder()
    expect(problems).toEqual([])
    expect(checked).toEqual([
      'policy gate.yml: 3 categories',
      'registration preregistration/ckpt-42.yml: candidate ckpt-42',
      'rubric builtin:over-refusal',
      'rubric rubrics/unsafe.md',
      'corpus x: 700 conversations',
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
    expect(checked).toHaveLength(8)
  })

  it('goes on after a problem to find the others', async () => {
    const problems = await findProblems({
      'gate.yml': policy
        .replace('limit: 0.5%', 'limit: 0.4%')
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
  const loose = registrationText.replace('    limit: 0.4%\n', '')

  it.each(['0.4%', '1 per 100k', '0%', '400 per 100k'])(
    'refuses one that not even a clean sample can pass: %s',
    async (limit) => {
      const problems = await findProblems({
        'gate.yml': limitTo(limit),
        'preregistration/ckpt-42.yml': loose,
      })
      expect(problems).toHaveLength(1)
      expect(problems[0]).toMatch(
        /^gate\.yml:10:12 \(categories\[1\]\.limit\): not measurable: 700 turns without/,
      )
    },
  )

  // 1 − .05^(1/n) is .427 % at 700 and .994 % at 300; .05 ≤ (1 − .0001)^n first holds at n = 29,956.
  it.each([
    { turns: 700, rate: '0.43 %' },
    { turns: 300, rate: '1 %' },
  ])(
    'passes the rate that it advises, and knows how many turns it takes: $turns',
    async ({ turns, rate }) => {
      const findAt = (limit: string) =>
        findProblems({
          'gate.yml': limitTo(limit).replace('turns: 700', `turns: ${turns}`),
          'preregistration/ckpt-42.yml': loose,
        })
      const [problem] = await findAt('0.01%')
      expect(problem).toContain(`draw at least 29956 turns, raise the limit to ${rate} or more`)
      expect(await findAt(rate)).toEqual([])
    },
  )

  it('counts no more turns than the corpus has conversations', async () => {
    const few = conversations.slice(0, 300).join('\n')
    const problems = await findProblems({ 'corpus/conversations.jsonl': few })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/not measurable: 300 turns without a single event still allow 0\.99 %/)
  })

  it('asks nothing of a category that only watches or has no limit', async () => {
    expect(await findProblems({ 'gate.yml': policy.replace('40 per 100k', '0%') })).toEqual([])
  })
})

describe('lint of registrations', () => {
  it('refuses two for one candidate', async () => {
    const problems = await findProblems({ 'preregistration/other.json': registrationText })
    expect(problems).toEqual([
      'preregistration/other.json (candidate): preregistration/ckpt-42.yml is for "ckpt-42" too\n  → keep one of them',
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
      'corpus/manifest.json: 1 of 701 conversations have expired: they are never replayed\n  → remove them from the corpus and write the manifest anew',
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
      conversations: 700,
      turns: 700,
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
