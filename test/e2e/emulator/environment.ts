import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

/** The folders and files that a runner makes for a step; `root` holds all of them but a given workspace. */
export type StepFiles = {
  root: string
  workspace: string
  temp: string
  toolCache: string
  home: string
  event: string
  commands: { output: string; env: string; path: string; state: string; summary: string }
}

/** Makes the folders and the empty files under a new folder of the system's temporary one. */
export async function createStepFiles({
  event,
  workspace,
}: {
  event: unknown
  workspace?: string | undefined
}) {
  const root = await mkdtemp(join(tmpdir(), 'runner-'))
  const temp = join(root, '_temp')
  const folder = join(temp, '_runner_file_commands')
  const files: StepFiles = {
    root,
    workspace: workspace ?? join(root, 'workspace'),
    temp,
    toolCache: join(root, '_tool'),
    home: join(root, 'home'),
    event: join(temp, '_github_workflow', 'event.json'),
    commands: {
      output: join(folder, 'set_output_1'),
      env: join(folder, 'set_env_1'),
      path: join(folder, 'add_path_1'),
      state: join(folder, 'save_state_1'),
      summary: join(folder, 'step_summary_1'),
    },
  }
  const folders = [files.workspace, files.toolCache, files.home, folder, join(temp, '_github_workflow')]
  for (const path of folders) await mkdir(path, { recursive: true })
  for (const path of Object.values(files.commands)) await writeFile(path, '')
  await writeFile(files.event, JSON.stringify(event))
  return files
}

export type StepContext = {
  files: StepFiles
  event: Record<string, unknown>
  eventName: string
  sha: string
  repository: string
  runId: string
  runAttempt: number
  urls: { github: string; results: string }
}

/** Everything but the inputs that the runner sets, and the `PATH` that it passes on. */
export function runnerEnvironment(context: StepContext): Record<string, string> {
  const { files, urls } = context
  return {
    PATH: process.env.PATH ?? '',
    HOME: files.home,
    CI: 'true',
    ...githubVariables(context),
    RUNNER_ARCH: 'X64',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_NAME: 'GitHub Actions 1',
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: files.temp,
    RUNNER_TOOL_CACHE: files.toolCache,
    RUNNER_WORKSPACE: files.root,
    ACTIONS_CACHE_URL: `${urls.results}/`,
    ACTIONS_RESULTS_URL: `${urls.results}/`,
    ACTIONS_RUNTIME_TOKEN: runtimeToken(context),
    ACTIONS_RUNTIME_URL: `${urls.results}/`,
  }
}

function githubVariables(context: StepContext): Record<string, string> {
  const { files, eventName, sha, repository, runId, runAttempt, urls } = context
  const owner = repository.split('/')[0] ?? ''
  const refs = readRefs(context)
  return {
    GITHUB_ACTION: '__checkpoint-gate',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'octocat',
    GITHUB_ACTOR_ID: '583231',
    GITHUB_API_URL: urls.github,
    GITHUB_BASE_REF: refs.base,
    GITHUB_ENV: files.commands.env,
    GITHUB_EVENT_NAME: eventName,
    GITHUB_EVENT_PATH: files.event,
    GITHUB_GRAPHQL_URL: `${urls.github}/graphql`,
    GITHUB_HEAD_REF: refs.head,
    GITHUB_JOB: 'gate',
    GITHUB_OUTPUT: files.commands.output,
    GITHUB_PATH: files.commands.path,
    GITHUB_REF: refs.ref,
    GITHUB_REF_NAME: refs.ref.replace(/^refs\/(heads|tags|pull)\//, ''),
    GITHUB_REF_PROTECTED: 'false',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REPOSITORY: repository,
    GITHUB_REPOSITORY_ID: '1',
    GITHUB_REPOSITORY_OWNER: owner,
    GITHUB_REPOSITORY_OWNER_ID: '2',
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_RUN_ATTEMPT: String(runAttempt),
    GITHUB_RUN_ID: runId,
    GITHUB_RUN_NUMBER: '1',
    // Any other host makes @actions/artifact refuse, as on GitHub Enterprise Server.
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: sha,
    GITHUB_STATE: files.commands.state,
    GITHUB_STEP_SUMMARY: files.commands.summary,
    GITHUB_TRIGGERING_ACTOR: 'octocat',
    GITHUB_WORKFLOW: 'gate',
    GITHUB_WORKFLOW_REF: `${repository}/.github/workflows/gate.yml@${refs.ref}`,
    GITHUB_WORKFLOW_SHA: sha,
    GITHUB_WORKSPACE: files.workspace,
  }
}

const branchSchema = z.looseObject({ ref: z.string().default('') })

const eventSchema = z.looseObject({
  ref: z.string().optional(),
  pull_request: z
    .looseObject({ number: z.number(), head: branchSchema.optional(), base: branchSchema.optional() })
    .optional(),
  merge_group: z.looseObject({ head_ref: z.string() }).optional(),
})

function readRefs({ event }: StepContext): { ref: string; head: string; base: string } {
  const { ref, pull_request: pull, merge_group: group } = eventSchema.parse(event)
  if (pull === undefined) return { ref: group?.head_ref ?? ref ?? 'refs/heads/main', head: '', base: '' }
  return {
    ref: `refs/pull/${pull.number}/merge`,
    head: pull.head?.ref ?? '',
    base: pull.base?.ref ?? '',
  }
}

/** The token of the results service: an unsigned JWT whose scope names the run, and the job of this attempt. */
export function runtimeToken({ runId, runAttempt }: Pick<StepContext, 'runId' | 'runAttempt'>): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { scp: `Actions.Results:${backendId(runId)}:${backendId(runAttempt)}`, exp: 4e9 }
  return `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}.signature`
}

/** The number of a run or a job in the shape of the service's own ids; `results.ts` reads it back. */
function backendId(number: string | number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}
