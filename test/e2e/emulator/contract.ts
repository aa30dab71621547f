import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type Document, OpenAPIBackend, type ValidationResult } from 'openapi-backend'
import { sharedPath } from '../../support/shared.ts'

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
 * GitHub's own OpenAPI description, trimmed to the routes that a gate may use, and the fragment below for those
 * that it leaves out. The description is in `shared/`: where that is absent nothing is checked, so that the
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

// The description's `{path}` spans slashes, which a path template can't: they are encoded before matching.
function joinContentsPath(path: string): string {
  const parts = /^(\/repos\/[^/]+\/[^/]+\/contents\/)(.+)$/.exec(path)
  if (parts === null) return path
  return `${parts[1]}${encodeURIComponent(decodeURIComponent(parts[2] ?? ''))}`
}

function describe({ errors }: ValidationResult): string | undefined {
  if (!errors || errors.length === 0) return undefined
  const lines = errors.map(({ instancePath, message, params }) => {
    return `${instancePath || '/'} ${message} ${JSON.stringify(params)}`
  })
  return [...new Set(lines)].join('; ')
}

const text = { type: 'string' as const }
const number = { type: 'integer' as const }

const inPath = (name: string, schema: typeof text | typeof number = text) => ({
  name,
  in: 'path',
  required: true,
  schema,
})

const repositoryParameters = [inPath('owner'), inPath('repo')]

const json = (schema: object, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

const basicError = json({ type: 'object', required: ['message'], properties: { message: text } }, 'an error')

/** Written by hand after GitHub's REST reference, for the routes that the trimmed description leaves out. */
const fragment = {
  '/repos/{owner}/{repo}': {
    get: {
      operationId: 'repos/get',
      parameters: repositoryParameters,
      responses: {
        200: json(
          {
            type: 'object',
            required: ['id', 'name', 'full_name', 'owner', 'private', 'visibility', 'default_branch'],
            properties: { private: { type: 'boolean' }, visibility: text, default_branch: text },
          },
          'the repository',
        ),
        404: basicError,
      },
    },
  },
  '/repos/{owner}/{repo}/commits/{ref}': {
    get: {
      operationId: 'repos/get-commit',
      parameters: [...repositoryParameters, inPath('ref')],
      responses: {
        200: json(
          {
            type: 'object',
            required: ['sha', 'node_id', 'commit', 'parents'],
            properties: {
              sha: text,
              parents: {
                type: 'array',
                items: { type: 'object', required: ['sha', 'url'], properties: { sha: text, url: text } },
              },
            },
          },
          'the commit',
        ),
        404: basicError,
        422: basicError,
      },
    },
  },
  '/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}': {
    get: {
      operationId: 'actions/download-artifact',
      parameters: [...repositoryParameters, inPath('artifact_id', number), inPath('archive_format')],
      responses: { 302: { description: 'where the archive is' }, 404: basicError, 410: basicError },
    },
  },
}
