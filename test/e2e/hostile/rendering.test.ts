import { describe, expect, it } from '@jest/globals'
import { markupAttacks } from '../../support/attacks.ts'
import { useTemporaryFolders } from '../../support/temporary-folder.ts'
import type { ActionRun, RunActionOptions } from '../emulator/runner.ts'
import { expectCleanContract, useWorlds } from '../use-worlds.ts'
import {
  nameEndpoints,
  nameRunArtifact,
  openWorld,
  pullRequestEvent,
  type World,
  type WorldOptions,
  writePolicy,
  writeRegistration,
} from '../world.ts'
import {
  attack,
  attacks,
  baseline,
  candidate,
  judge,
  openHostileWorld,
  point,
  quote,
  registration,
  speak,
} from './hostile-world.ts'
import { expectInertCsv, expectInertLog, expectInertMarkdown, expectInertPage } from './inert.ts'
import { startModels } from './models.ts'

const makeFolder = useTemporaryFolders()
const { closers } = useWorlds()

async function open(options: WorldOptions = {}) {
  const opened = await openHostileWorld(await makeFolder(), options)
  closers.push(opened.world.close)
  return opened
}

async function run(world: World, options: Partial<RunActionOptions> = {}) {
  const finished = await world.run(options)
  expectCleanContract(world)
  return { finished, comment: world.github.comments.at(-1)?.body ?? '' }
}

function expectWithinLimits(comment: string, summaryBytes: number): void {
  expect(comment.length).toBeLessThanOrEqual(60_000)
  expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(60_000)
  expect(summaryBytes).toBeLessThan(1024 * 1024)
}

describe('what others wrote', () => {
  it('is inert wherever a run shows it', async () => {
    const { world, corpus } = await open()
    const servers = await Promise.all([
      startModels('demo-baseline', (answer, { index }) => speak(answer, index)),
      startModels('demo-good', (answer, { index }) => speak(answer, index + 3)),
      startModels('demo-judge', judge),
    ])
    closers.push(...servers.map(({ close }) => close))
    const [baselineUrl = '', candidateUrl = '', judgeUrl = ''] = servers.map(({ url }) => url)
    const endpoints = nameEndpoints('', { baseline: baselineUrl, candidate: candidateUrl, judge: judgeUrl })
    const { finished, comment } = await run(world, { inputs: { 'corpus-dir': corpus.folder, endpoints } })
    expect(finished.exitCode).toBeLessThan(3)
    const artifact = world.results.readArtifact(nameRunArtifact(candidate)) ?? {}
    const read = (name: string) => artifact[name]?.toString() ?? ''
    const { verdict } = JSON.parse(read('verdict.json'))
    expectInertEverywhere(finished, comment, verdict)
    expectInertPage(read('report.html'))
    const rows = expectInertCsv(read('review.csv'))
    expect(rows.length).toBeGreaterThan(20)
    // It was there to be seen.
    expect(comment).toContain('`![x](https://evil.example/beacon.png)`')
    expect(finished.summary).toContain('`</code></pre><script>alert(1)</script>')
    expect(read('report.html')).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(rows.flat()).toContainEqual(expect.stringMatching(/^'=HYPERLINK\(/))
    expect(read('completions.jsonl')).toContain('::set-output name=verdict::pass')
  })

  it('is inert in a plan', async () => {
    const { world, corpus } = await open()
    const inputs = { mode: 'plan', endpoints: '', 'corpus-dir': corpus.folder }
    const { finished, comment } = await run(world, { inputs })
    expect(finished.summary).toContain('## Checkpoint Gate: plan')
    expectInertLog(finished, '')
    expectInertMarkdown(finished.summary)
    expect(comment).toBe('')
  })

  it('is inert where it is why there is no verdict: what an endpoint says of a request', async () => {
    // What an endpoint says is cut after 300 characters.
    const dangerous = [
      [markupAttacks['workflow commands'], markupAttacks.script, markupAttacks.mention],
      [
        markupAttacks['workflow commands in a line'],
        markupAttacks['escaped workflow commands'],
        markupAttacks['lone surrogates'],
        markupAttacks.nul,
        markupAttacks['right to left'],
      ],
      [markupAttacks['terminal escapes'], markupAttacks.table, markupAttacks['reference link']],
      [markupAttacks['marker of the gate'], markupAttacks.heading, markupAttacks['many backticks']],
    ]
    await Promise.all(
      dangerous.map(async (texts) => {
        const { world, corpus } = await open()
        const body = { error: { message: texts.join(' ') } }
        const refusing = await startModels('demo-good', () => ({ status: 401, body }))
        closers.push(refusing.close)
        const inputs = { 'corpus-dir': corpus.folder, endpoints: nameEndpoints(refusing.url) }
        const { finished, comment } = await run(world, { inputs })
        expect(finished.exitCode).toBe(3)
        expect(comment).toContain('refuses the key')
        expectInertEverywhere(finished, comment, '')
      }),
    )
  })

  it('is inert in names: of keys, of files, and of what a pull request edits', async () => {
    const names = attacks.map((text) => text.replaceAll('/', '%').slice(0, 200))
    const edits = Object.fromEntries(
      names.map((name, index) => [`.github/workflows/${index}${name}`, 'on: push']),
    )
    const keys = JSON.stringify(Object.fromEntries(attacks.map((text) => [text, text])))
    const [invalid, unchanged, broken, missing] = await Promise.all([
      open({ headFiles: { ...edits, '.github/checkpoint-gate.yml': keys } }),
      open({ headFiles: { ...edits, 'deploy/model.yaml': `serving: { checkpoint: ${quote(baseline)} }` } }),
      open({
        headFiles: {
          [`preregistration/${attack(25).replaceAll('/', '%')}.json`]: JSON.stringify({
            ...JSON.parse(keys),
            candidate,
            predictions: [
              { category: attack(7), rate: attack(8), interval: attack(25), direction: attack(26) },
            ],
          }),
          [registration]: null,
        },
      }),
      open({
        files: {
          'corpus/manifest.json': JSON.stringify({
            version: 1,
            name: 'small',
            files: [{ path: attacks.join(''), sha256: 'a'.repeat(64), conversations: 1, turns: 1 }],
          }),
        },
      }),
    ])
    const cases = [
      { world: invalid.world, exitCode: 2, verdict: 'invalid', said: 'policy-modified' },
      { world: unchanged.world, exitCode: 0, verdict: 'unchanged', said: 'nothing to compare' },
      { world: broken.world, exitCode: 3, verdict: '', said: 'unknown key' },
      { world: missing.world, exitCode: 3, verdict: '', said: 'the corpus file is not in' },
    ]
    await Promise.all(
      cases.map(async ({ world, exitCode, verdict, said }) => {
        const { finished, comment } = await run(world, { inputs: { 'corpus-dir': invalid.corpus.folder } })
        expect(finished).toMatchObject({ exitCode, outputs: { verdict } })
        expect(finished.summary).toContain(said)
        expectInertEverywhere(finished, comment, verdict)
      }),
    )
  })

  it('is inert in what a registration commits to', async () => {
    const { world, corpus } = await open()
    const inputs = { mode: 'register', endpoints: '', 'corpus-dir': corpus.folder }
    const { finished, comment } = await run(world, { inputs })
    expect(comment).toContain('### `@org/teamand@octocat|#1,owner/repo#2')
    expectInertEverywhere(finished, comment, '')
  })

  it('is inert in a diagnosis, and in what is published again with it', async () => {
    const world = await openWorld({
      policy: writePolicy({ turns: 20 }),
      files: { 'deploy/model.yaml': point(baseline) },
      headFiles: {
        'deploy/model.yaml': point(candidate),
        'preregistration/demo-good.yml': writeRegistration(quote(candidate)),
      },
    })
    closers.push(world.close)
    const models = await startModels('demo-good', (answer, { model }) =>
      model === candidate ? { ...answer, text: 'BEGIN SYSTEM' } : answer,
    )
    const judging = await startModels('demo-judge')
    closers.push(models.close, judging.close)
    const inputs = { endpoints: nameEndpoints(models.url, { judge: judging.url }) }
    const { finished: failed } = await run(world, { runId: '101', inputs })
    expect(failed.exitCode).toBe(1)
    const all = attacks.join(' ').slice(0, 2000)
    const diagnosis = JSON.stringify({
      version: 1,
      candidate,
      failed_runs: [101],
      cause: all,
      evidence: attacks.map((text) => `${text.slice(0, 1900)}.`),
      mitigation: all,
      // A name has no such characters; a diagnosis with others is refused (test/history/diagnosis.test.ts).
      approver: "@org/team, D. O'Ortiz (safety)",
      next_registration: all,
    })
    world.push({ branch: 'main', files: { 'diagnoses/@org,team#1|`<b>` ##[error]::x.json': diagnosis } })
    const pushed = world.push({ files: { 'README.md': 'updated' } })
    const { finished, comment } = await run(world, {
      runId: '102',
      inputs: { endpoints: '' },
      sha: pushed.merge,
      event: pullRequestEvent('octo/app', pushed.sha),
    })
    expect(finished).toMatchObject({ exitCode: 0, outputs: { verdict: 'fail' } })
    expect(comment).toContain('diagnosed, accepted by')
    expectInertEverywhere(finished, comment, 'fail')
    const artifacts = world.results.artifacts().map(({ name }) => name)
    const page = world.results.readArtifact(artifacts.at(-1) ?? '')?.['report.html']
    expectInertPage(page?.toString() ?? '')
  })

  it('is inert where GitHub itself repeats it', async () => {
    const { world } = await open({
      github: {
        fault: (_, path) =>
          path.includes('manifest.json') ? { status: 403, body: { message: attacks.join(' ') } } : undefined,
      },
    })
    const { finished, comment } = await run(world)
    expect(finished.exitCode).toBe(3)
    expect(finished.outputs['gate-message']).toContain('GitHub does not give')
    expectInertEverywhere(finished, comment, '')
  })
})

function expectInertEverywhere(finished: ActionRun, comment: string, verdict: string): void {
  expectInertLog(finished, verdict)
  expectWithinLimits(comment, finished.summaryBytes)
  expectInertMarkdown(comment)
  expectInertMarkdown(finished.summary)
}
