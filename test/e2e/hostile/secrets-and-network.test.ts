import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { useTemporaryFolders } from '../../support/temporary-folder.ts'
import { defaultToken } from '../emulator/runner.ts'
import { nameEndpoints, nameRunArtifact, writeRegistration } from '../world.ts'
import { keys } from './canary.ts'
import { impatientPolicy, quickPolicy, useCanaryWorlds } from './canary-world.ts'
import { echo, echoAsJudge } from './echo.ts'

const makeFolder = useTemporaryFolders()
const { open, connections, countConnections, startServer, startProxy } = useCanaryWorlds()

describe('a key', () => {
  it('is found wherever it is by the search that finds it nowhere', async () => {
    const workspace = await makeFolder()
    const encoded = Buffer.from(`x${keys.CHECKPOINT_GATE_KEY_JUDGE}`).toString('base64')
    await writeFile(join(workspace, 'notes.txt'), encoded)
    const { run } = await open()
    const { found } = await run({
      folders: [workspace],
      env: { CHECKPOINT_GATE_KEY_JUDGE: keys.CHECKPOINT_GATE_KEY_BASELINE },
    })
    expect(found).toContain(`key of judge (base64 at 1) in file ${workspace}/notes.txt`)
    expect(found).toContainEqual(
      expect.stringMatching(/^key of baseline \(plain\) in the socket of port \d+$/),
    )
  })

  it('is seen by its own endpoint alone, whatever the endpoints do with it', async () => {
    const { run, world } = await open({
      spoil: {
        baseline: echo(keys.CHECKPOINT_GATE_KEY_BASELINE),
        candidate: echo(keys.CHECKPOINT_GATE_KEY_CANDIDATE),
        judge: echoAsJudge(keys.CHECKPOINT_GATE_KEY_JUDGE),
      },
      // GitHub, or a proxy before it, repeats the token too.
      github: {
        fault: (method, path) =>
          method === 'POST' && path.includes('/comments')
            ? { status: 403, body: { message: `Bad credentials: token ${defaultToken}` } }
            : undefined,
      },
    })
    const { finished, found, sent } = await run()
    expect(found).toEqual([])
    expect(sent.every((count) => count > 4)).toBe(true)
    expect(finished.exitCode).toBeLessThan(3)
    const completions = world.results.readArtifact(nameRunArtifact('demo-good'))?.['completions.jsonl']
    expect(completions?.toString()).toContain('Your header was Bearer [redacted]')
    // What earlier runs have left is read from another server, which must not see the token.
    const again = await run({ runId: '4243' })
    expect(again.found).toEqual([])
    expect(world.github.log.map(({ path }) => path)).toContainEqual(
      expect.stringMatching(/\/artifacts\/\d+\/zip$/),
    )
  })

  it('goes nowhere by a redirect', async () => {
    const elsewhere = await startServer()
    const { run } = await open({
      policy: impatientPolicy,
      spoil: {
        candidate: (_, { index }) => ({
          status: [301, 302, 303, 307, 308][index % 5] ?? 302,
          headers: {
            location: `${elsewhere.url}/v1?key=${encodeURIComponent(keys.CHECKPOINT_GATE_KEY_CANDIDATE)}`,
          },
        }),
      },
    })
    const { finished, found } = await run()
    expect(finished.exitCode).toBe(3)
    expect(finished.outputs['gate-message']).toContain('unexpected redirect')
    expect(found).toEqual([])
    expect(countConnections(elsewhere)).toBe(0)
  })

  it('is not repeated where it can’t be sent: one of two lines, of other letters, or with controls', async () => {
    const odd = [
      'sk-canary-first-line\nsk-canary-second-line',
      'sk-canary-\u2026-\u00fc',
      'sk-canary-\u0001-bell',
    ]
    await Promise.all(
      odd.map(async (key) => {
        const { run } = await open({ policy: impatientPolicy })
        const { finished, found } = await run({ env: { CHECKPOINT_GATE_KEY_CANDIDATE: key } })
        expect(finished.exitCode).toBe(3)
        expect(found).toEqual([])
        const said = JSON.stringify([finished.rawLog, finished.summary, finished.outputs])
        expect(said).not.toContain('sk-canary')
        expect(said).not.toContain('second-line')
      }),
    )
  })
})

describe('an address', () => {
  it('that hides where it leads is refused before anything is asked, and not repeated', async () => {
    const { run, endpoints } = await open()
    const { port } = new URL(endpoints.candidate.url)
    const refused = {
      [`http://user:sk-canary-password@127.0.0.1:${port}/v1`]: 'user name or password',
      'http://m\u00f6dels.example.com/v1': 'disguised form',
      'http://xn--mdels-jua.example.com/v1': 'internationalised host name',
      [`http://2130706433:${port}/v1`]: 'disguised form',
      [`http://0177.0.0.1:${port}/v1`]: 'disguised form',
      'http://[::ffff:a9fe:a9fe]/latest': 'metadata service',
    }
    const others = { baseline: endpoints.baseline.url, judge: endpoints.judge.url }
    const runs = await Promise.all(
      Object.entries(refused).map(async ([candidate, said]) => ({
        ...(await run({ inputs: { endpoints: nameEndpoints('', { ...others, candidate }) } })),
        said,
      })),
    )
    for (const { finished, found, sent, said } of runs) {
      expect(finished).toMatchObject({ exitCode: 3, outputs: { verdict: '' } })
      expect(finished.outputs['gate-message']).toContain(said)
      expect(finished.rawLog).not.toContain('sk-canary-password')
      expect({ found, sent: sent.slice(0, 3) }).toEqual({ found: [], sent: [0, 0, 0] })
    }
  })
})

describe('a pull request that names an address', () => {
  const registration = writeRegistration('demo-good')

  it('in its registration gets an error, and no key is sent', async () => {
    const elsewhere = await startServer()
    const address = `${elsewhere.url}/v1`
    const texts = [
      `${registration}endpoint: ${address}\n`,
      registration.replace('direction: same }', `direction: same, base_url: '${address}' }`),
    ]
    await Promise.all(
      texts.map(async (text) => {
        const { run } = await open({ headFiles: { 'preregistration/demo-good.yml': text } })
        const { finished, found, sent } = await run()
        expect(finished.exitCode).toBe(3)
        expect(finished.outputs['gate-message']).toContain('unknown key')
        expect({ found, sent: sent.slice(0, 3) }).toEqual({ found: [], sent: [0, 0, 0] })
      }),
    )
    expect(countConnections(elsewhere)).toBe(0)
  })

  it('in its policy and beside its checkpoint is judged as if it had not', async () => {
    const elsewhere = await startServer()
    const address = `${elsewhere.url}/v1`
    const { run, world } = await open({
      headFiles: {
        '.github/checkpoint-gate.yml': quickPolicy.replace('judge: {', `judge: { base_url: '${address}',`),
        'deploy/model.yaml': `base_url: ${address}\nserving:\n  base_url: ${address}\n  checkpoint: demo-good\n`,
      },
    })
    const { finished, found, sent } = await run()
    expect(finished.exitCode).toBe(0)
    expect(world.github.comments[0]?.body).toContain('unknown key "base_url"')
    expect(found).toEqual([])
    expect(sent.every((count) => count > 0)).toBe(true)
    expect(countConnections(elsewhere)).toBe(0)
  })

  it('in a policy of the base gets an error too', async () => {
    const elsewhere = await startServer()
    const { run } = await open({ policy: `${quickPolicy}endpoints: { candidate: '${elsewhere.url}/v1' }\n` })
    const { finished, sent } = await run()
    expect(finished.exitCode).toBe(3)
    expect(finished.outputs['gate-message']).toContain('unknown key "endpoints"')
    expect([sent.slice(0, 3), countConnections(elsewhere)]).toEqual([[0, 0, 0], 0])
  })
})

describe('the environment', () => {
  it('may name proxies and other services: endpoints are asked where the workflow says', async () => {
    const elsewhere = await startProxy()
    const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
    const { run } = await open()
    const { finished, found, sent } = await run({
      env: {
        ...Object.fromEntries(proxies.map((name) => [name, elsewhere.url])),
        OPENAI_BASE_URL: `${elsewhere.url}/v1`,
        OPENAI_API_KEY: 'sk-canary-of-another-step',
        OPENAI_ORG_ID: 'org-canary-of-another-step',
        OPENAI_PROJECT_ID: 'project-canary-of-another-step',
        OPENAI_LOG: 'debug',
      },
    })
    expect(finished.exitCode).toBe(0)
    expect(found).toEqual([])
    expect(sent.every((count) => count > 0)).toBe(true)
    const received = connections().map((connection) => connection.received.toString('latin1'))
    expect(received.filter((text) => text.includes('canary-of-another-step'))).toEqual([])
    expect(received.filter((text) => text.includes(`POST ${elsewhere.url}`))).toEqual([])
  })
})
