import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import {
  readBody,
  type ScriptedResponse,
  sendScripted,
  startLoopbackServer,
} from '../../fakes/loopback-server.ts'
import { type BlobStore, startBlobStore } from './blob.ts'
import type { ArtifactRow } from './github-actions.ts'
import { createServerClock, type ServerClock } from './server-clock.ts'
import { readZip } from './zip.ts'

export type ResultsLogEntry = { method: string; body: string; status: number }

export type ResultsOptions = {
  /** Answers everything, the blob store's requests too, with 503. */
  down?: boolean
  /** Dates artifacts as they are finished. */
  clock?: ServerClock
  /** Consulted first, with the method's name (`CreateArtifact`, …). */
  fault?: (method: string) => ScriptedResponse | undefined
}

export type ResultsService = {
  url: string
  log: ResultsLogEntry[]
  /** The finished artifacts of all runs, in the shape that the GitHub stand-in takes. */
  artifacts: () => Required<
    Pick<
      ArtifactRow,
      'id' | 'name' | 'runId' | 'sizeBytes' | 'digest' | 'archiveUrl' | 'createdAt' | 'expired'
    >
  >[]
  /** The files of the newest finished artifact of that name; `undefined` where there is none. */
  readArtifact: (name: string) => Record<string, Buffer> | undefined
  /** As someone with write access does it: the artifact is gone without a trace. Throws where there is none. */
  deleteArtifact: (id: number) => void
  /** As its retention does it: it is still listed. */
  expireArtifact: (id: number) => void
  close: () => Promise<void>
}

const run = { workflow_run_backend_id: z.string(), workflow_job_run_backend_id: z.string() }

// Strict: the service speaks protobuf's JSON form, in which a misspelt field is an error.
const createSchema = z.strictObject({
  ...run,
  name: z.string(),
  version: z.literal(7),
  expires_at: z.string().optional(),
  mime_type: z.string(),
})
const finalizeSchema = z.strictObject({ ...run, name: z.string(), size: z.string(), hash: z.string() })
const nameSchema = z.strictObject({ ...run, name: z.string() })
const listSchema = z.strictObject({
  ...run,
  name_filter: z.string().optional(),
  id_filter: z.string().optional(),
})

type Artifact = z.infer<typeof createSchema> & {
  id: number
  blob: string
  createdAt: string
  expired: boolean
  size?: string
  hash?: string
}

type Store = { artifacts: Artifact[]; blobs: BlobStore; nextId: number; clock: ServerClock }

/** The artifact service of GitHub's results API and its blob store, both on 127.0.0.1. */
export async function startResults(options: ResultsOptions = {}): Promise<ResultsService> {
  const { down = false, fault, clock = createServerClock() } = options
  const blobs = await startBlobStore({ down })
  const store: Store = { artifacts: [], blobs, nextId: 1001, clock }
  const log: ResultsLogEntry[] = []
  const server = await startLoopbackServer(async (request, response) => {
    const body = (await readBody(request)).toString()
    const method = /^\/twirp\/github\.actions\.results\.api\.v1\.ArtifactService\/(\w+)$/.exec(
      request.url ?? '',
    )?.[1]
    const answer = () => {
      if (down) return twirpError(503, 'unavailable')
      const injected = fault?.(method ?? '')
      return injected ?? serve(store, { method, body, authorization: request.headers.authorization })
    }
    const scripted = answer()
    log.push({ method: method ?? request.url ?? '', body, status: scripted.status })
    sendScripted(response, scripted)
  })
  const finished = () => store.artifacts.filter((artifact) => artifact.hash !== undefined)
  return {
    url: server.url,
    log,
    artifacts: () => finished().map((artifact) => describeRow(artifact, blobs)),
    readArtifact: (name) => {
      const artifact = finished().findLast((candidate) => candidate.name === name)
      const archive = artifact && blobs.read(artifact.blob)
      return archive && readZip(archive)
    },
    deleteArtifact: (id) => {
      store.artifacts.splice(store.artifacts.indexOf(requireArtifact(store, id)), 1)
    },
    expireArtifact: (id) => {
      requireArtifact(store, id).expired = true
    },
    close: async () => {
      await Promise.all([server.close(), blobs.close()])
    },
  }
}

function requireArtifact({ artifacts }: Store, id: number): Artifact {
  const artifact = artifacts.find((candidate) => candidate.id === id)
  if (artifact === undefined) throw new Error(`there is no artifact ${id}`)
  return artifact
}

function describeRow(artifact: Artifact, blobs: BlobStore) {
  const { id, name, workflow_run_backend_id: backendId, size = '0', hash = '', blob } = artifact
  const { createdAt, expired } = artifact
  // The runner's emulation ends the backend id with the number of the run.
  const runId = Number(backendId.slice(-12))
  const archiveUrl = blobs.signedUrl(blob)
  return { id, name, runId, sizeBytes: Number(size), digest: hash, archiveUrl, createdAt, expired }
}

type Call = { method: string | undefined; body: string; authorization: string | undefined }

function serve(store: Store, { method, body, authorization }: Call): ScriptedResponse {
  const handle = method === undefined ? undefined : methods[method]
  if (handle === undefined) return twirpError(404, 'bad_route')
  const scope = readScope(authorization)
  if (scope === undefined) return twirpError(401, 'unauthenticated')
  const parsed = z.looseObject(run).safeParse(JSON.parse(body))
  const { workflow_run_backend_id: runId, workflow_job_run_backend_id: jobId } = parsed.data ?? {}
  if (scope !== `${runId}:${jobId}`) return twirpError(403, 'permission_denied')
  return handle(store, parsed.data)
}

const methods: Record<string, (store: Store, request: unknown) => ScriptedResponse> = {
  CreateArtifact: (store, request) =>
    parse(createSchema, request, (create) => {
      if (find(store, create)) return twirpError(409, 'already_exists')
      const id = store.nextId++
      const artifact = { ...create, id, blob: randomUUID(), createdAt: '', expired: false }
      store.artifacts.push(artifact)
      return ok({ ok: true, signed_upload_url: store.blobs.signedUrl(artifact.blob) })
    }),
  FinalizeArtifact: (store, request) =>
    parse(finalizeSchema, request, ({ size, hash, ...wanted }) => {
      const artifact = find(store, wanted)
      if (artifact === undefined) return twirpError(404, 'not_found')
      const content = store.blobs.read(artifact.blob)
      const sha256 = content && `sha256:${createHash('sha256').update(content).digest('hex')}`
      if (sha256 !== hash || size !== String(content?.length)) return twirpError(400, 'invalid_argument')
      Object.assign(artifact, { size, hash, createdAt: store.clock.tick() })
      return ok({ ok: true, artifact_id: String(artifact.id) })
    }),
  ListArtifacts: (store, request) =>
    parse(listSchema, request, (list) => {
      const listed = store.artifacts.filter(
        ({ hash, workflow_run_backend_id: runId, name, id }) =>
          hash !== undefined &&
          runId === list.workflow_run_backend_id &&
          (list.name_filter ?? name) === name &&
          (list.id_filter ?? String(id)) === String(id),
      )
      return ok({ artifacts: listed.map(describeArtifact) })
    }),
  GetSignedArtifactURL: (store, request) =>
    parse(nameSchema, request, (wanted) => {
      const artifact = find(store, wanted)
      if (artifact?.hash === undefined) return twirpError(404, 'not_found')
      return ok({ signed_url: store.blobs.signedUrl(artifact.blob) })
    }),
  DeleteArtifact: (store, request) =>
    parse(nameSchema, request, (wanted) => {
      const artifact = find(store, wanted)
      if (artifact === undefined) return twirpError(404, 'not_found')
      store.artifacts.splice(store.artifacts.indexOf(artifact), 1)
      return ok({ ok: true, artifact_id: String(artifact.id) })
    }),
}

function describeArtifact(artifact: Artifact) {
  return {
    workflow_run_backend_id: artifact.workflow_run_backend_id,
    workflow_job_run_backend_id: artifact.workflow_job_run_backend_id,
    database_id: String(artifact.id),
    name: artifact.name,
    size: artifact.size,
    created_at: artifact.createdAt,
    digest: artifact.hash,
  }
}

function parse<Request>(
  schema: z.ZodType<Request>,
  request: unknown,
  handle: (request: Request) => ScriptedResponse,
): ScriptedResponse {
  const parsed = schema.safeParse(request)
  return parsed.success ? handle(parsed.data) : twirpError(400, 'malformed', z.prettifyError(parsed.error))
}

// A name is taken for the whole run, whichever job or attempt took it.
function find(store: Store, wanted: { workflow_run_backend_id: string; name: string }): Artifact | undefined {
  return store.artifacts.find(
    ({ workflow_run_backend_id: runId, name }) =>
      runId === wanted.workflow_run_backend_id && name === wanted.name,
  )
}

/** `<run>:<job>` out of a runtime token's scope. */
function readScope(authorization: string | undefined): string | undefined {
  const payload = /^Bearer [\w-]+\.([\w-]+)\./.exec(authorization ?? '')?.[1] ?? ''
  return /Actions\.Results:([\w:-]+)/.exec(Buffer.from(payload, 'base64url').toString())?.[1]
}

const ok = (body: object): ScriptedResponse => ({ status: 200, body })

function twirpError(status: number, code: string, message = code): ScriptedResponse {
  return { status, body: { code, msg: message } }
}
