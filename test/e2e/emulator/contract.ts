import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type Document, OpenAPIBackend, type ValidationResult } from 'openapi-backend'
import { sharedPath } from '../../support/shared.ts'
import { fragment } from './contract-fragment.ts'

export type ContractRequest = {
  method: string
  /** As it was sent, percent-encoded, without the query. */
  path: string
  query: Record<string, string>
  body: unknown
}

/** Says what is wrong with a request or a response; `undefined` where nothing is. */
export type Contract = {
  checkRequest: (request: ContractRequest) => string | undefined
  checkResponse: (answered: { request: ContractRequest; status: number; body: unknown }) => string | undefined
}

type Source = { path?: string; required?: boolean }

/**
 * GitHub's own OpenAPI description, trimmed to the routes that a gate may use, and a fragment for those that
 * it leaves out. The description is in `shared/`: where that is absent nothing is checked, so that the
 * tests of the action run in every clone; under CI the absence is an error.
 */
export async function loadContract(source: Source = {}): Promise<Contract> {
  const { path = sharedPath('contracts/github-openapi-trimmed.json') } = source
  const { required = process.env.CI === 'true' } = source
  if (!required && !existsSync(path)) {
    return { checkRequest: () => undefined, checkResponse: () => undefined }
  }
  const described: Document = JSON.parse(await readFile(path, 'utf8'))
  const backend = new OpenAPIBackend({
    definition: { ...described, paths: { ...described.paths, ...fragment } },
    // Neither validates the description, which takes seconds, nor compiles what no request needs.
    quick: true,
    ajvOpts: { strict: false, validateFormats: false, allErrors: true },
  })
  return createContract(await backend.init())
}

function createContract(backend: OpenAPIBackend): Contract {
  const find = ({ method, path, query, body }: ContractRequest) => {
    const headers = { 'content-type': 'application/json' }
    const request = {
      method,
      path: joinContentsPath(path),
      query,
      headers,
      ...(body !== undefined && { body }),
    }
    return { request, operation: backend.matchOperation(request) }
  }
  const unknown = ({ method, path }: ContractRequest) => `not in the contract: ${method} ${path}`
  return {
    checkRequest: (received) => {
      const { request, operation } = find(received)
      if (operation === undefined) return unknown(received)
      return describe(backend.validator.validateRequest(request, operation))
    },
    checkResponse: ({ request, status, body }) => {
      const { operation } = find(request)
      if (operation === undefined) return unknown(request)
      if (operation.responses?.[status] === undefined) return `status ${status} is not in the contract`
      return describe(backend.validator.validateResponse(body, operation, status))
    },
  }
}

// The description's `{path}` spans slashes, which a path template can't: they are encoded before matching. It is empty
// for the root of the repository, which GitHub lists as well.
function joinContentsPath(path: string): string {
  const parts = /^(\/repos\/[^/]+\/[^/]+\/contents\/)(.*)$/.exec(path)
  if (parts === null) return path
  return `${parts[1]}${encodeURIComponent(decodeURIComponent(parts[2] || '.'))}`
}

function describe({ errors }: ValidationResult): string | undefined {
  if (!errors || errors.length === 0) return undefined
  const lines = errors.map(({ instancePath, message, params }) => {
    return `${instancePath || '/'} ${message} ${JSON.stringify(params)}`
  })
  return [...new Set(lines)].join('; ')
}
