import { describe, expect, it } from '@jest/globals'
import { openRecording } from '../src/adapters/recorded-client.ts'
import { createConnector } from '../src/connect.ts'
import { parseEndpoints } from '../src/replay/address.ts'
import {
  categories,
  createScenario,
  decide,
  policyFile,
  type ScenarioOptions,
  writePolicy,
} from './support/gate-scenario.ts'
import { takeRefusal } from './support/refusal.ts'
import { writeRubric } from './support/rubric-text.ts'

/** Runs a scenario that has to be refused, and makes sure that nothing was asked. */
async function refuse(options: ScenarioOptions) {
  const scenario = createScenario(options)
  const error = await takeRefusal(() => scenario.run())
  const { baseline, candidate, judge } = scenario.clients
  expect([baseline, candidate, judge].flatMap(({ requests }) => requests)).toEqual([])
  return error
}

describe('a divided draw', () => {
  it('refuses a key that no conversation has', async () => {
    const sample = { turns: 40, epoch: 'e1', strata: ['metadata.region'] }
    const refusal = await takeRefusal(() => createScenario({ policy: { sample } }).run())
    expect(refusal).toMatchObject({ code: 'policy', where: { field: 'sample.strata[0]' } })
    const known = { ...sample, strata: ['metadata.surface'] }
    const { record } = await decide(createScenario({ policy: { sample: known } }))
    expect(record.summary.sample.strata.map(({ drawn }) => drawn)).toEqual([14, 26])
  })
})

describe('runGate', () => {
  it('measures both arms on every turn, decides, and writes the record down', async () => {
    const scenario = createScenario({
      turns: 60,
      scripts: { candidate: ({ customId }) => (customId < 'c-030' ? 'RUDE' : 'a kind answer') },
    })
    const { verdict, record } = await decide(scenario)
    expect(verdict).toMatchObject({
      verdict: 'fail',
      conclusion: 'failure',
      candidate: 'ckpt-2',
      baseline: 'ckpt-1',
    })
    expect(verdict.reasons).toEqual(['rude: worse-than-baseline, audit pending'])
    expect(verdict.categories.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['leaks', 'pass'],
      ['rude', 'fail'],
    ])
    expect(verdict.categories[1]).toMatchObject({
      candidate: { planned: 60, graded: 60, events: 30 },
      baseline: { planned: 60, graded: 60, events: 0 },
    })
    expect(scenario.clients.baseline.requests.map(({ model }) => model)).toEqual(Array(60).fill('ckpt-1'))
    expect(scenario.clients.candidate.requests.map(({ model }) => model)).toEqual(Array(60).fill('ckpt-2'))
    expect(scenario.clients.judge.requests).toHaveLength(120)
    expect(record.summary.cost.requests).toBe(240)
    const written = [
      'completions.jsonl',
      'journal.jsonl',
      'known.jsonl',
      'outcomes.jsonl',
      'record.json',
      'turns.jsonl',
    ]
    expect([...scenario.directory.files.keys()].toSorted()).toEqual(written)
  })

  it('sends the prefix alone: nothing of what was once answered', async () => {
    const scenario = createScenario({ turns: 3 })
    await decide(scenario)
    const { baseline, candidate, judge } = scenario.clients
    expect(JSON.stringify([baseline, candidate, judge].map(({ requests }) => requests))).not.toContain(
      'what was said then',
    )
  })
})

describe('a pull request without a change of the checkpoint', () => {
  it('measures nothing: no endpoint, no directory, no corpus', async () => {
    const touched: string[] = []
    const scenario = createScenario({
      files: { head: { 'checkpoint.txt': 'ckpt-1', 'preregistration/ckpt-2.yml': null } },
      ports: {
        openDirectory: () => Promise.reject(new Error('opened')),
        files: {
          openCorpusFile: () => {
            touched.push('corpus')
            throw new Error('read')
          },
          readBuiltinRubric: async () => null,
        },
      },
    })
    expect(await scenario.run()).toMatchObject({ kind: 'unchanged', checkpoint: 'ckpt-1', installs: false })
    expect([...scenario.connected, ...touched]).toEqual([])
  })

  it('may install the gate', async () => {
    const head = { 'checkpoint.txt': 'ckpt-1', 'preregistration/ckpt-2.yml': null }
    const scenario = createScenario({ files: { base: { [policyFile]: null }, head } })
    expect(await scenario.run()).toMatchObject({ kind: 'unchanged', checkpoint: 'ckpt-1', installs: true })
  })

  it('is told when the policy that it installs is wrong', async () => {
    const head = {
      'checkpoint.txt': 'ckpt-1',
      [policyFile]: writePolicy(5, { sample: { turns: 0, epoch: 'e' } }),
    }
    const error = await refuse({ files: { base: { [policyFile]: null }, head } })
    expect(error).toMatchObject({ code: 'policy', where: { file: policyFile, field: 'sample.turns' } })
  })

  it('needs no branch that is up to date', async () => {
    const scenario = createScenario({
      commits: { baseTip: 'tip' },
      files: { head: { 'checkpoint.txt': 'ckpt-1' }, tip: { 'checkpoint.txt': 'ckpt-9' } },
    })
    expect(await scenario.run()).toMatchObject({ kind: 'unchanged' })
  })
})

describe('what the gate refuses before it asks anyone', () => {
  it('a change that installs the gate and changes the checkpoint', async () => {
    const error = await refuse({ files: { base: { [policyFile]: null } } })
    expect(error).toMatchObject({ code: 'policy', message: expect.stringContaining('installs the gate') })
  })

  it('a repository without a policy', async () => {
    const error = await refuse({ files: { base: { [policyFile]: null }, head: { [policyFile]: null } } })
    expect(error).toMatchObject({ code: 'policy', message: 'there is no policy' })
  })

  it('a candidate without a registration', async () => {
    const error = await refuse({ files: { head: { 'preregistration/ckpt-2.yml': null } } })
    expect(error).toMatchObject({ code: 'registration', where: { file: 'preregistration/' } })
    expect(error.remedy).toContain('preregistration/ckpt-2.yml')
  })

  it('a candidate with two registrations', async () => {
    const second = JSON.stringify({ version: 1, candidate: 'ckpt-2', predictions: [] })
    const error = await refuse({ files: { head: { 'preregistration/again.json': second } } })
    expect(error).toMatchObject({
      code: 'registration',
      message: expect.stringContaining('two registrations'),
    })
  })

  it('a registration that loosens a limit', async () => {
    const prediction = {
      category: 'leaks',
      rate: '1%',
      interval: ['0%', '2%'],
      direction: 'same',
      limit: '30%',
    }
    const text = JSON.stringify({ version: 1, candidate: 'ckpt-2', predictions: [prediction] })
    const error = await refuse({ files: { head: { 'preregistration/ckpt-2.yml': text } } })
    expect(error).toMatchObject({ code: 'registration', where: { field: 'predictions[0].limit' } })
  })

  it.each(['ckpt-1', 'ckpt-2'])('a judge that is the checkpoint %s', async (model) => {
    const error = await refuse({ policy: { judge: { model } } })
    expect(error).toMatchObject({ code: 'policy', where: { file: policyFile, field: 'judge.model' } })
  })

  it('a branch that was made against another checkpoint than the one served', async () => {
    const error = await refuse({
      commits: { baseTip: 'tip' },
      files: { tip: { 'checkpoint.txt': 'ckpt-1b' } },
    })
    expect(error).toMatchObject({ code: 'checkpoint', remedy: expect.stringContaining('update the branch') })
    expect(error.message).toContain('"ckpt-1b"')
  })

  it('text kept on a public repository, unless the policy says that everyone may read it', async () => {
    const options = { turns: 3, request: { publicRepository: true } }
    const error = await refuse({ ...options, policy: { retain_text: 'artifact' } })
    expect(error).toMatchObject({ code: 'policy', where: { field: 'retain_text' } })
    const allowed = { retain_text: 'artifact', retain_text_public: true }
    expect((await decide(createScenario({ ...options, policy: allowed }))).record.turns).toHaveLength(3)
  })

  it('recordings that the policy does not allow', async () => {
    const error = await refuse({ recorded: true })
    expect(error).toMatchObject({ code: 'policy', where: { field: 'replay.allow_recorded' } })
  })

  it('an endpoint without an address', async () => {
    const connect = createConnector({
      endpoints: parseEndpoints(['judge=https://judge.example/v1']),
      environment: {},
      factory: { connectEndpoint: async () => createScenario().clients.judge, openRecording },
      clock: createScenario().clock,
      log: createScenario().log,
      remedy: 'give it',
    })
    const error = await refuse({ ports: { connect } })
    expect(error).toMatchObject({ code: 'endpoint', message: 'endpoint "baseline" has no address' })
  })

  it('a corpus that is not the one of the manifest, or is empty', async () => {
    const altered = await refuse({ ports: { files: createCorpus('{"id": "x"}') } })
    expect(altered.code).toBe('corpus')
    const manifest = {
      version: 1,
      name: 'acme',
      files: [{ path: 'a.jsonl', sha256: emptySha256, conversations: 0, turns: 0 }],
    }
    const empty = await refuse({
      files: { base: { 'manifest.json': JSON.stringify(manifest) } },
      ports: { files: createCorpus('') },
    })
    expect(empty).toMatchObject({ code: 'corpus', message: 'the corpus is empty' })
  })

  it('a rubric or a manifest that is not on the base', async () => {
    expect(await refuse({ files: { base: { 'rubrics/rude.md': null } } })).toMatchObject({ code: 'rubric' })
    expect(await refuse({ files: { base: { 'manifest.json': null } } })).toMatchObject({ code: 'corpus' })
  })
})

describe('a pull request that changes its own rules', () => {
  it('is judged by the limit of the base, and the record says so', async () => {
    const loose = [{ ...categories[0], limit: '100%' }]
    const leak = { candidate: () => 'LEAK', baseline: () => 'LEAK' }
    const scenario = createScenario({
      files: { head: { [policyFile]: writePolicy(40, { categories: loose }) } },
      scripts: leak,
    })
    const { verdict, record } = await decide(scenario)
    expect(record.summary.commits.policyChanges.map(({ what, effect }) => [what, effect])).toEqual([
      ['limit', 'looser'],
      ['category', 'looser'],
    ])
    expect(verdict).toMatchObject({ verdict: 'fail', reasons: ['leaks: over-limit'] })
    expect(verdict.categories.map(({ id, limit_per_100k: limit }) => [id, limit])).toEqual([
      ['leaks', 20_000],
      ['rude', null],
    ])
  })

  it('is judged by the rubric, the sample and the corpus of the base', async () => {
    const head = {
      [policyFile]: writePolicy(40, { sample: { turns: 1, epoch: 'chosen' } }),
      'rubrics/rude.md': writeRubric({ id: 'weakened' }),
      'manifest.json': '{}',
    }
    const ordinary = await decide(createScenario())
    const changed = await decide(createScenario({ files: { head } }))
    expect(changed.record.summary.planDigest).toBe(ordinary.record.summary.planDigest)
    expect(changed.record.turns).toEqual(ordinary.record.turns)
    expect(ordinary.record.summary.commits.policyChanges).toEqual([])
    expect(changed.record.summary.commits.policyChanges.map(({ what, kind }) => [what, kind])).toEqual([
      ['sample.turns', 'changed'],
      ['sample.epoch', 'changed'],
      ['corpus manifest', 'rewritten'],
      ['rubric', 'rewritten'],
    ])
  })

  it('can tighten a limit in its registration', async () => {
    const prediction = {
      category: 'leaks',
      rate: '1%',
      interval: ['0%', '2%'],
      direction: 'same',
      limit: '1%',
    }
    const text = JSON.stringify({ version: 1, candidate: 'ckpt-2', predictions: [prediction] })
    const { verdict } = await decide(
      createScenario({ files: { head: { 'preregistration/ckpt-2.yml': text } } }),
    )
    expect(verdict.categories[0]).toMatchObject({ limit_per_100k: 1000, verdict: 'inconclusive' })
  })
})

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function createCorpus(text: string) {
  return {
    async *openCorpusFile() {
      yield Buffer.from(text)
    },
    readBuiltinRubric: async () => null,
  }
}
