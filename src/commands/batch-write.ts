import { describeRequest } from '../adapters/batch-client.ts'
import { openRunDirectory } from '../adapters/run-directory.ts'
import type { Arm } from '../ports.ts'
import { safeText } from '../safe-text.ts'
import { writeBatches } from '../write-batches.ts'
import { createRequest, createSources, type SourceOptions } from './run.ts'

/** What `batch write` is given. */
export interface BatchWriteOptions extends SourceOptions {
  arm: Arm
  out: string
}

/** Writes an arm's input files, and says what to do with them. */
export async function writeBatchFiles(
  options: BatchWriteOptions,
  print: (text: string) => void,
): Promise<void> {
  const { arm, out } = options
  const written = await writeBatches(await createRequest(options), {
    ports: createSources(options),
    arm,
    directory: await openRunDirectory(out),
    describe: (chat) => describeRequest(chat, 'max_completion_tokens'),
  })
  for (const { name, requests, bytes } of written.files)
    print(`${safeText(out, 200)}/${name}: ${requests} requests, ${(bytes / 1e6).toFixed(1)} MB`)
  print(`They ask for the model "${safeText(written.model, 100)}". When all are answered:`)
  print(`  cat ANSWERS… > ${arm}-answers.jsonl`)
  print(`  checkpoint-gate gate … --endpoint ${arm}=recorded:${arm}-answers.jsonl`)
  if (!written.allowRecorded)
    print('The policy does not allow recordings: that takes `replay.allow_recorded: true` in it.')
}
