import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from '@jest/globals'
import { type ResultsOptions, type ResultsService, startResults } from './results.ts'

const run = {
  workflow_run_backend_id: '00000000-0000-4000-8000-000000004242',
  workflow_job_run_backend_id: '00000000-0000-4000-8000-000000000001',
}

const claims = { scp: `Actions.Results:${run.workflow_run_backend_id}:${run.workflow_job_run_backend_id}` }
const token = `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`

const create = { ...run, name: 'record', version: 7, mime_type: 'application/zip' }

let results: ResultsService | undefined

afterEach(() => results?.close())

async function open(options: ResultsOptions = {}) {
  const started = await startResults(options)
  results = started
  const call = async (method: string, body: object, authorization = token) => {
    const url = `${started.url}/twirp/github.actions.results.api.v1.ArtifactService/${method}`
    const response = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization },
    })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  return { results: started, call }
}

async function putBlob(url: string, content: string) {
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': '2026-02-06' }
  return fetch(url, { method: 'PUT', body: content, headers })
}

const hash = (content: string) => `sha256:${createHash('sha256').update(content).digest('hex')}`

describe('startResults', () => {
  it('creates, finishes, lists, signs and deletes an artifact', async () => {
    const { results, call } = await open()
    const created = await call('CreateArtifact', create)
    expect((await putBlob(created.body.signed_upload_url, 'content')).status).toBe(201)
    expect((await call('ListArtifacts', run)).body).toEqual({ artifacts: [] })
    expect(results.artifacts()).toEqual([])
    const finish = { ...run, name: 'record', size: '7', hash: hash('content') }
    expect((await call('FinalizeArtifact', finish)).body).toEqual({ ok: true, artifact_id: '1001' })
    expect(results.artifacts()).toMatchObject([{ id: 1001, name: 'record', runId: 4242, sizeBytes: 7 }])
    const listed = await call('ListArtifacts', { ...run, id_filter: '1001', name_filter: 'record' })
    expect(listed.body.artifacts).toMatchObject([{ database_id: '1001', name: 'record', size: '7' }])
    const signed = await call('GetSignedArtifactURL', { ...run, name: 'record' })
    expect(await (await fetch(signed.body.signed_url)).text()).toBe('content')
    expect((await call('DeleteArtifact', { ...run, name: 'record' })).status).toBe(200)
    expect((await call('ListArtifacts', run)).body.artifacts).toEqual([])
    expect((await call('CreateArtifact', create)).status).toBe(200)
  })

  it('dates artifacts as they are finished, expires them, and lets them be deleted', async () => {
    const { results, call } = await open()
    const names = ['first', 'second']
    const made = await Promise.all(names.map((name) => call('CreateArtifact', { ...create, name })))
    for (const [index, name] of names.toReversed().entries()) {
      await putBlob(made[1 - index]?.body.signed_upload_url, name)
      await call('FinalizeArtifact', { ...run, name, size: String(name.length), hash: hash(name) })
    }
    expect(results.artifacts()).toMatchObject([
      { name: 'first', createdAt: '2026-11-02T08:02:00Z', expired: false },
      { name: 'second', createdAt: '2026-11-02T08:01:00Z', expired: false },
    ])
    const [first = 0, second = 0] = results.artifacts().map(({ id }) => id)
    results.expireArtifact(second)
    results.deleteArtifact(first)
    expect(results.artifacts()).toMatchObject([{ name: 'second', expired: true }])
    expect(() => results.deleteArtifact(first)).toThrow(`there is no artifact ${first}`)
  })

  it('refuses a name that the run has already used', async () => {
    const { call } = await open()
    await call('CreateArtifact', create)
    expect(await call('CreateArtifact', create)).toMatchObject({
      status: 409,
      body: { code: 'already_exists' },
    })
  })

  it('refuses to finish with another size or digest than was uploaded', async () => {
    const { call } = await open()
    const { body } = await call('CreateArtifact', create)
    await putBlob(body.signed_upload_url, 'content')
    const finish = { ...run, name: 'record', size: '7', hash: hash('content') }
    expect((await call('FinalizeArtifact', { ...finish, size: '8' })).status).toBe(400)
    expect((await call('FinalizeArtifact', { ...finish, hash: hash('other') })).status).toBe(400)
    expect((await call('FinalizeArtifact', { ...finish, name: 'none' })).status).toBe(404)
  })

  it('refuses unknown fields and methods, other runs and callers without a token', async () => {
    const { results, call } = await open()
    expect(await call('CreateArtifact', { ...create, mimeType: 'x' })).toMatchObject({
      status: 400,
      body: { code: 'malformed', msg: expect.stringContaining('mimeType') },
    })
    expect((await call('RenameArtifact', run)).status).toBe(404)
    expect((await call('ListArtifacts', run, 'Bearer nonsense')).status).toBe(401)
    const other = { ...run, workflow_run_backend_id: '00000000-0000-4000-8000-000000009999' }
    expect((await call('ListArtifacts', other)).status).toBe(403)
    expect(results.log.map(({ method, status }) => `${method} ${status}`)).toEqual([
      'CreateArtifact 400',
      'RenameArtifact 404',
      'ListArtifacts 401',
      'ListArtifacts 403',
    ])
  })

  it('can be down, or fail at one method', async () => {
    const { call } = await open({ down: true })
    expect((await call('CreateArtifact', create)).status).toBe(503)
    await results?.close()
    const failing = await open({
      fault: (method) => (method === 'FinalizeArtifact' ? { status: 403, body: { msg: 'no' } } : undefined),
    })
    expect((await failing.call('CreateArtifact', create)).status).toBe(200)
    expect((await failing.call('FinalizeArtifact', run)).body).toEqual({ msg: 'no' })
  })
})
