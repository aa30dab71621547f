import pLimit from 'p-limit'
import { z } from 'zod'
import { GateError } from '../../errors.ts'
import { nameAttempt } from '../../history/attempt.ts'
import type { History, RunDirectory, Shards } from '../../ports.ts'
import { nameShard, parseSuffix, type Shard } from '../../shards/shard.ts'
import { artifactSchema, type KeptArtifact } from './artifacts.ts'
import { mostAttempts } from './attempts.ts'
import type { Reader, RunNumber } from './requests.ts'

const pageSchema = z.object({ artifacts: z.array(artifactSchema) })
const requestsAtOnce = 5

interface FoundShard {
  shard: Shard
  attempt: number
  artifact: KeptArtifact
}

/** What other jobs of this workflow run have left as artifacts: no other run's count. */
export function openShards(parts: { reader: Reader; run: RunNumber; openEnd: History['openEnd'] }): Shards {
  const { reader, run, openEnd } = parts
  return {
    async list(key) {
      const found = new Map<string, FoundShard>()
      for await (const artifact of listArtifacts(reader, run)) {
        const named = parseName(artifact, (attempt) => nameAttempt(key, attempt))
        if (named === null || named.attempt > run.attempt) continue
        const name = nameShard(named.shard)
        const other = found.get(name)
        if (other === undefined || other.attempt < named.attempt) found.set(name, named)
      }
      const limit = pLimit(requestsAtOnce)
      const open = async ({ shard, artifact }: FoundShard) => ({
        shard,
        directory: await fetchShard(artifact),
      })
      return Promise.all([...found.values()].toSorted(compareShards).map((shard) => limit(() => open(shard))))
    },
  }

  async function fetchShard(artifact: KeptArtifact): Promise<RunDirectory> {
    if (!artifact.expired) return openEnd({ id: artifact.id })
    throw new GateError({
      code: 'platform',
      message: `what a shard measured is not kept any more: artifact ${artifact.name} has expired`,
      remedy: 'start a new run of the workflow, not a rerun of this one',
    })
  }
}

async function* listArtifacts(reader: Reader, run: RunNumber): AsyncGenerator<KeptArtifact> {
  const pages = reader.readPages({
    what: `the artifacts of workflow run ${run.id}`,
    permission: 'actions: read',
    route: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts',
    parameters: { run_id: run.id },
    schema: pageSchema,
  })
  for await (const page of pages) yield* page.artifacts
}

function parseName(artifact: KeptArtifact, nameOf: (attempt: number) => string): FoundShard | null {
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    const prefix = `${nameOf(attempt)}-shard-`
    if (!artifact.name.startsWith(prefix)) continue
    const shard = parseSuffix(artifact.name.slice(nameOf(attempt).length))
    return shard === null ? null : { shard, attempt, artifact }
  }
  return null
}

function compareShards(a: FoundShard, b: FoundShard): number {
  return a.shard.wave - b.shard.wave || a.shard.index - b.shard.index
}
