import { describe, expect, it } from '@jest/globals'
import { describeWithShared } from '../../support/shared.ts'
import { type ContractRequest, loadContract } from './contract.ts'

const asked = (method: string, path: string, rest: Partial<ContractRequest> = {}): ContractRequest => ({
  method,
  path: `/repos/octo/app${path}`,
  query: {},
  body: undefined,
  ...rest,
})

describeWithShared('loadContract', () => {
  it('takes the requests that a gate makes', async () => {
    const { checkRequest } = await loadContract()
    const requests = [
      asked('GET', ''),
      asked('GET', '/commits/main'),
      asked('GET', '/contents/deploy/model.yaml', { query: { ref: 'main' } }),
      asked('GET', '/contents/deploy%2Fmodel.yaml'),
      asked('GET', '/issues/7/comments', { query: { per_page: '100', page: '2' } }),
      asked('POST', '/issues/7/comments', { body: { body: 'x' } }),
      asked('PATCH', '/issues/comments/9001', { body: { body: 'x' } }),
      asked('GET', '/actions/artifacts', { query: { name: 'a' } }),
      asked('GET', '/actions/artifacts/5'),
      asked('GET', '/actions/artifacts/5/zip'),
      asked('GET', '/actions/runs/5'),
      asked('GET', '/activity', {
        query: { ref: 'refs/heads/a', direction: 'desc', per_page: '100', after: 'x' },
      }),
    ]
    expect(requests.map(checkRequest)).toEqual(requests.map(() => undefined))
  })

  it('says what is wrong with the others', async () => {
    const { checkRequest } = await loadContract()
    expect(checkRequest(asked('POST', '/issues/7/comments'))).toContain('requestBody')
    expect(checkRequest(asked('POST', '/issues/7/comments', { body: { body: 7 } }))).toContain(
      '/requestBody/body must be string',
    )
    expect(checkRequest(asked('GET', '/commits/a/b'))).toBe(
      'not in the contract: GET /repos/octo/app/commits/a/b',
    )
    expect(checkRequest(asked('GET', '/activity', { query: { direction: 'up' } }))).toContain(
      '/query/direction',
    )
    expect(checkRequest(asked('GET', '/actions/runs/x'))).toContain('/path/run_id must be integer')
    expect(checkRequest(asked('POST', ''))).toBe('not in the contract: POST /repos/octo/app')
    expect(checkRequest(asked('GET', '/commits/main', { query: { ref: 'x' } }))).toContain(
      'additionalProperty',
    )
  })

  it('checks responses by their status', async () => {
    const { checkResponse } = await loadContract()
    const request = asked('GET', '/issues/7/comments')
    expect(checkResponse({ request, status: 200, body: [] })).toBeUndefined()
    expect(checkResponse({ request, status: 200, body: [{ id: 'x' }] })).toContain('/0/id must be integer')
    expect(checkResponse({ request, status: 418, body: {} })).toBe('status 418 is not in the contract')
    const repository = asked('GET', '')
    expect(checkResponse({ request: repository, status: 200, body: { id: 1 } })).toContain('default_branch')
  })
})

describe('loadContract without the description', () => {
  const path = '/nonexistent/description.json'

  it('checks nothing, so that tests of the action run in every clone', async () => {
    const { checkRequest } = await loadContract({ path, required: false })
    expect(checkRequest(asked('GET', '/no-such-route'))).toBeUndefined()
  })

  it('fails where the description is required', async () => {
    await expect(loadContract({ path, required: true })).rejects.toThrow('ENOENT')
  })
})
