import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { attemptFile } from '../../history/attempt.ts'
import { isGone, type Reader, type Slug } from './requests.ts'

/** A kept artifact, as far as the gate needs it. */
export const artifactSchema = z.object({
  id: z.int(),
  name: z.string(),
  size_in_bytes: z.int(),
  expired: z.boolean(),
  created_at: z.iso.datetime({ offset: true }),
  /** `sha256:<hex>`, of the archive. */
  digest: z.string().nullish(),
  workflow_run: z.object({
    id: z.int(),
    repository_id: z.int(),
    /** `null` where the fork is gone. */
    head_repository_id: z.int().nullable(),
  }),
})
export type KeptArtifact = z.infer<typeof artifactSchema>

/** What a download takes. */
export interface DownloadSource {
  reader: Reader
  slug: Slug
  token: string
  /** Where folders are made. */
  temporaryFolder: string
}

/** A folder with an artifact's files, or why there is none. */
export type Downloaded =
  | { kind: 'there'; folder: string }
  | { kind: 'gone' }
  /** It is not as it was uploaded, or can't be told to be; in words that follow "it". */
  | { kind: 'refused'; why: string }

/** The archive of an `attempt.json` takes a few kilobytes. */
const largestStartBytes = 1024 * 1024

/** A folder of this run's own, whose name no other has. */
export function makeFolder({ temporaryFolder }: Pick<DownloadSource, 'temporaryFolder'>): Promise<string> {
  return mkdtemp(join(temporaryFolder, 'checkpoint-gate-'))
}

/**
 * Downloads an artifact into a new folder, and compares its digest with the one that GitHub keeps.
 * @throws GateError when that can't be done, and is not because of the artifact
 */
export async function downloadArtifact(
  source: DownloadSource,
  request: { artifact: KeptArtifact; largestBytes: number },
): Promise<Downloaded> {
  const { artifact, largestBytes } = request
  const { id, digest, size_in_bytes: bytes } = artifact
  if (artifact.expired) return { kind: 'gone' }
  if (bytes > largestBytes) return { kind: 'refused', why: `has ${bytes} bytes, more than ${largestBytes}` }
  if (!digest) return { kind: 'refused', why: 'has no digest to compare it with' }
  const folder = await makeFolder(source)
  const downloaded = await extract(source, { artifact, digest, folder }).catch(async (error: unknown) => {
    await remove(folder)
    throw error
  })
  if (downloaded === 'same') return { kind: 'there', folder }
  await remove(folder)
  return downloaded === 'gone'
    ? { kind: 'gone' }
    : { kind: 'refused', why: `is not what was uploaded: artifact ${id} has another digest` }
}

async function extract(
  source: DownloadSource,
  request: { artifact: KeptArtifact; digest: string; folder: string },
): Promise<'same' | 'other' | 'gone'> {
  const { reader, slug, token } = source
  const { artifact, digest, folder } = request
  // Loaded here, not at start: it is the heaviest of the dependencies, and most runs download nothing.
  const { DefaultArtifactClient } = await import('@actions/artifact')
  const client = new DefaultArtifactClient()
  const findBy = {
    token,
    workflowRunId: artifact.workflow_run.id,
    repositoryOwner: slug.owner,
    repositoryName: slug.repo,
  }
  const subject = { what: `artifact ${artifact.id} (${artifact.name})`, permission: 'actions: read' } as const
  // What is gone is told by the API at once; only what the API says is there is asked for five times by the client.
  return reader.repeat(subject, async () => {
    try {
      const { digestMismatch } = await client.downloadArtifact(artifact.id, {
        path: folder,
        findBy,
        expectedHash: digest,
      })
      return digestMismatch === true ? 'other' : 'same'
    } catch (error) {
      if (isGone(error)) return 'gone'
      throw error
    }
  })
}

/** The text of an attempt's `attempt.json`; `null`, and why not, where it can't be read any more. */
export async function readStart(
  source: DownloadSource,
  artifact: KeptArtifact,
): Promise<{ text: string } | { text: null; why: string }> {
  const downloaded = await downloadArtifact(source, { artifact, largestBytes: largestStartBytes })
  if (downloaded.kind === 'gone') return { text: null, why: "can't be had any more" }
  if (downloaded.kind === 'refused') return { text: null, why: downloaded.why }
  try {
    const file = join(downloaded.folder, attemptFile)
    const { size } = await stat(file)
    return size > largestStartBytes
      ? { text: null, why: `has ${size} bytes, more than ${largestStartBytes}` }
      : { text: await readFile(file, 'utf8') }
  } catch {
    return { text: null, why: `has no ${attemptFile}` }
  } finally {
    await remove(downloaded.folder)
  }
}

/** Removes a folder that was made here. */
export function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}
