import { describe, expect, it } from '@jest/globals'
import { useTemporaryFolders } from '../../support/temporary-folder.ts'
import type { RunActionOptions } from '../emulator/runner.ts'
import { useWorlds } from '../use-worlds.ts'
import {
  nameEndpoints,
  nameRunArtifact,
  pullRequestEvent,
  shas,
  type World,
  writePolicy,
  writeRegistration,
} from '../world.ts'
import { startModels } from './models.ts'
import { expectNoVerdict } from './no-verdict.ts'
import { readConversations, type SmallCorpus, writeCorpus } from './small-corpus.ts'

const makeFolder = useTemporaryFolders()

const quick = writePolicy({ turns: 20, limit: '50%' })

const { open, closers } = useWorlds({ policy: quick })

const none: Partial<RunActionOptions> = { inputs: { endpoints: '' } }

describe('a corpus', () => {
  async function openOver(corpus: SmallCorpus): Promise<World> {
    return open({ files: { 'corpus/manifest.json': corpus.manifest } })
  }

  it('in another order is asked the same turns', async () => {
    const lines = await readConversations(60)
    const [ordered, reversed] = await Promise.all([
      writeCorpus(await makeFolder(), lines),
      writeCorpus(await makeFolder(), lines.toReversed()),
    ])
    const drawn = await Promise.all(
      [ordered, reversed].map(async (corpus) => {
        const world = await openOver(corpus)
        const run = await world.run({ inputs: { 'corpus-dir': corpus.folder } })
        expect(run.outputs.verdict).toBe('pass')
        return world.results.readArtifact(nameRunArtifact('demo-good'))?.['turns.jsonl']?.toString()
      }),
    )
    expect(drawn[0]?.split('\n')).toHaveLength(21)
    expect(drawn[1]).toBe(drawn[0])
  })

  it('that was altered, or only put in another order, is not asked where its manifest is the old one', async () => {
    const lines = await readConversations(40)
    const corpus = await writeCorpus(await makeFolder(), lines)
    const world = await openOver(corpus)
    const inputs = { 'corpus-dir': corpus.folder, endpoints: nameEndpoints('http://127.0.0.1:1/v1') }
    const altered = [lines.toReversed(), lines.map((line) => line.replace('cough', 'fever'))]
    for (const other of altered) {
      await writeCorpus(corpus.folder, other)
      expectNoVerdict(await world.run({ inputs }), /its SHA-256 is [0-9a-f]{16}…, the manifest says/)
    }
    // The pull request may bring the manifest that fits: the base's stays the one that decides.
    const { manifest } = await writeCorpus(corpus.folder, altered[0] ?? [])
    const head = world.github.repository.commits.find(({ sha }) => sha === shas.merge)
    if (head !== undefined) head.files['corpus/manifest.json'] = manifest
    expectNoVerdict(await world.run({ inputs }), /its SHA-256 is/)
  })

  it('without a turn to ask passes nothing: empty, or expired', async () => {
    const expired = (await readConversations(3)).map((line) =>
      JSON.stringify({ ...JSON.parse(line), expires_at: '2026-01-01T00:00:00Z' }),
    )
    const judge = async (lines: string[]) => {
      const corpus = await writeCorpus(await makeFolder(), lines)
      return (await openOver(corpus)).run({ inputs: { 'corpus-dir': corpus.folder } })
    }
    const [empty, past] = await Promise.all([judge([]), judge(expired)])
    expectNoVerdict(empty, 'the corpus is empty')
    expectNoVerdict(past, 'every conversation of the corpus has expired')
  })
})

describe('nothing to decide by', () => {
  it('passes nothing: no categories, no policy, no predictions', async () => {
    const registration = 'preregistration/demo-good.yml'
    const empty = `version: 1\ncandidate: demo-good\npredictions: []\n`
    const worlds = await Promise.all([
      open({ policy: quick.replace(/categories:[\s\S]*/, 'categories: []\n') }),
      open({ policy: '' }),
      open({ headFiles: { [registration]: empty } }),
      open({ headFiles: { [registration]: writeRegistration('demo-other') } }),
    ])
    const said = [
      'a gate without categories can decide nothing',
      'the file is empty',
      'a registration predicts something',
      'no registration is for "demo-good" \\(the folder has "demo-other"\\)',
    ]
    await Promise.all(
      worlds.map(async (world, index) => {
        expectNoVerdict(await world.run(none), new RegExp(said[index] ?? ''))
        expect(world.github.comments[0]?.body).toContain('**NO VERDICT:**')
      }),
    )
  })

  it('passes nothing in a pull request that removes every category', async () => {
    const world = await open({
      candidate: 'demo-bad',
      policy: writePolicy(),
      headFiles: {
        '.github/checkpoint-gate.yml': writePolicy().replace(/categories:[\s\S]*/, 'categories: []\n'),
      },
    })
    const run = await world.run()
    expect(run.outputs.verdict).toBe('fail')
    expect(world.github.comments[0]?.body).toContain('a gate without categories can decide nothing')
  })

  it('is written so that it is read in no time', async () => {
    const bomb = [
      'a: &a [x, x]',
      ...[...'bcdefghijklmnopqrst'].map(
        (name, index) =>
          `${name}: &${name} [${'*'}${'abcdefghijklmnopqrst'[index]}, *${'abcdefghijklmnopqrst'[index]}]`,
      ),
    ].join('\n')
    const inRegistration = await open({
      headFiles: { 'preregistration/demo-good.yml': `candidate: demo-good\n${bomb}\n` },
    })
    const run = await inRegistration.run(none)
    expectNoVerdict(run, 'anchors and aliases')
    const inPolicy = await open({ headFiles: { '.github/checkpoint-gate.yml': `${bomb}\n` } })
    const judged = await inPolicy.run()
    expect(judged.outputs.verdict).toBe('pass')
    expect(inPolicy.github.comments[0]?.body).toContain("can't be read")
  })
})

describe('a job without the secrets', () => {
  it('of a bot is red, and told what to set', async () => {
    const locked = await startModels('demo-good', () => ({
      status: 401,
      body: { error: { message: 'no key given' } },
    }))
    closers.push(locked.close)
    const world = await open({ github: { permissions: 'read-only' } })
    const run = await world.run({
      inputs: { endpoints: nameEndpoints(locked.url) },
      // What Dependabot's jobs get for a secret of Actions: an empty text.
      env: {
        GITHUB_ACTOR: 'dependabot[bot]',
        CHECKPOINT_GATE_KEY_CANDIDATE: '',
        CHECKPOINT_GATE_KEY_JUDGE: '',
      },
    })
    expectNoVerdict(run, /refuses the key.*set CHECKPOINT_GATE_KEY_(BASELINE|CANDIDATE|JUDGE) to a key/)
    expect(locked.log.every(({ headers }) => headers.authorization === undefined)).toBe(true)
    expect(world.github.comments).toEqual([])
  })

  it('is red too where addresses are secrets, of this repository and of a fork', async () => {
    const world = await open({ github: { permissions: 'read-only' } })
    const fromFork = { ...none, event: pullRequestEvent('mallory/app') }
    const [own, fork] = await Promise.all([world.run(none), world.run(fromFork)])
    expectNoVerdict(own, 'has no address: give it in the input `endpoints`')
    expectNoVerdict(fork, 'comes from a fork, whose jobs get no secrets')
  })
})
