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

const inQuery = (name: string, schema: object) => ({ name, in: 'query', required: false, schema })

const nullable = (schema: object) => ({ ...schema, nullable: true })

const object = (properties: Record<string, object>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
})

const activityTypes = [
  'push',
  'force_push',
  'branch_deletion',
  'branch_creation',
  'pr_merge',
  'merge_queue_merge',
]

const activity = object({
  id: number,
  node_id: text,
  before: text,
  after: text,
  ref: text,
  timestamp: text,
  activity_type: { ...text, enum: activityTypes },
  actor: nullable({ type: 'object' }),
})

const workflowRun = object({
  id: number,
  node_id: text,
  head_branch: nullable(text),
  head_sha: text,
  path: text,
  run_number: number,
  run_attempt: number,
  event: text,
  status: nullable(text),
  conclusion: nullable(text),
  workflow_id: number,
  url: text,
  html_url: text,
  created_at: text,
  updated_at: text,
  run_started_at: text,
  repository: object({ id: number, full_name: text }),
  head_repository: object({ id: number, full_name: text }),
})

const artifact = object({
  id: number,
  node_id: text,
  name: text,
  size_in_bytes: number,
  url: text,
  archive_download_url: text,
  expired: { type: 'boolean' },
  created_at: nullable(text),
  expires_at: nullable(text),
  updated_at: nullable(text),
  digest: nullable(text),
  workflow_run: nullable(
    object({
      id: number,
      repository_id: number,
      head_repository_id: number,
      head_branch: text,
      head_sha: text,
    }),
  ),
})

const review = object({
  id: number,
  node_id: text,
  user: nullable(object({ login: text, id: number })),
  body: text,
  state: text,
  html_url: text,
  pull_request_url: text,
  commit_id: nullable(text),
  submitted_at: text,
})

/** Written by hand after GitHub's REST reference, for the routes that the trimmed description leaves out. */
export const fragment = {
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
  '/repos/{owner}/{repo}/compare/{basehead}': {
    get: {
      operationId: 'repos/compare-commits',
      parameters: [
        ...repositoryParameters,
        inPath('basehead'),
        inQuery('per_page', number),
        inQuery('page', number),
      ],
      responses: {
        200: json(
          object({
            status: { ...text, enum: ['ahead', 'behind', 'identical', 'diverged'] },
            ahead_by: number,
            behind_by: number,
            total_commits: number,
            commits: { type: 'array' },
          }),
          'how the two stand to each other',
        ),
        404: basicError,
      },
    },
  },
  '/repos/{owner}/{repo}/pulls/{pull_number}/reviews': {
    get: {
      operationId: 'pulls/list-reviews',
      parameters: [
        ...repositoryParameters,
        inPath('pull_number', number),
        inQuery('per_page', number),
        inQuery('page', number),
      ],
      responses: { 200: json({ type: 'array', items: review }, 'the reviews'), 404: basicError },
    },
  },
  '/repos/{owner}/{repo}/activity': {
    get: {
      operationId: 'repos/list-activities',
      parameters: [
        ...repositoryParameters,
        inQuery('direction', { ...text, enum: ['asc', 'desc'] }),
        inQuery('per_page', number),
        ...['before', 'after', 'ref', 'actor'].map((name) => inQuery(name, text)),
        inQuery('time_period', { ...text, enum: ['day', 'week', 'month', 'quarter', 'year'] }),
        inQuery('activity_type', { ...text, enum: activityTypes }),
      ],
      responses: {
        200: json({ type: 'array', items: activity }, 'what was done to branches'),
        422: basicError,
      },
    },
  },
  '/repos/{owner}/{repo}/actions/runs/{run_id}': {
    get: {
      operationId: 'actions/get-workflow-run',
      parameters: [...repositoryParameters, inPath('run_id', number)],
      responses: { 200: json(workflowRun, 'the workflow run'), 404: basicError },
    },
  },
  '/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts': {
    get: {
      operationId: 'actions/list-workflow-run-artifacts',
      parameters: [
        ...repositoryParameters,
        inPath('run_id', number),
        inQuery('per_page', number),
        inQuery('page', number),
        inQuery('name', text),
        inQuery('direction', { ...text, enum: ['asc', 'desc'] }),
      ],
      responses: {
        200: json(
          object({ total_count: number, artifacts: { type: 'array', items: artifact } }),
          'what the run has left',
        ),
      },
    },
  },
  '/repos/{owner}/{repo}/actions/artifacts/{artifact_id}': {
    get: {
      operationId: 'actions/get-artifact',
      parameters: [...repositoryParameters, inPath('artifact_id', number)],
      responses: { 200: json(artifact, 'the artifact'), 404: basicError },
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
