import { join } from 'node:path'
import { z } from 'zod'
import { type Conversation, messageSchema } from '../../src/corpus/conversation.ts'
import { inferTools } from './infer-tools.ts'
import { isScript, readFolders, readJson } from './read-source.ts'
import { listSteps, recordStep } from './recorded-steps.ts'
import { writeCorpus, writeJsonLines } from './write-corpus.ts'

/** One trajectory of gpt-4o-airline.trials-0-2.json. Its messages are chat messages already. */
export const trajectorySchema = z.object({
  task_id: z.int(),
  trial: z.int(),
  reward: z.number(),
  traj: z.array(messageSchema).min(1),
})
export type Trajectory = z.infer<typeof trajectorySchema>

/**
 * The trajectories as conversations, `<task>.<trial>` by name, message for message. The source has no schemas of the
 * tools: they are in the benchmark's code.
 */
export function convertTauBench(trajectories: readonly Trajectory[]): Conversation[] {
  return trajectories.map(({ task_id: task, trial, reward, traj: messages }) => ({
    id: `${task}.${trial}`,
    messages,
    metadata: { dataset: 'tau-bench-airline', task, trial, reward },
  }))
}

/**
 * The third trial, to be replayed with the calls of the other two at hand. Agents need to be told of their tools: each
 * conversation has those that are called anywhere, with schemas that fit all calls.
 */
export function pickReplayed(conversations: readonly Conversation[]): Conversation[] {
  const tools = inferTools(conversations)
  return conversations
    .filter(({ metadata }) => metadata?.trial === 2)
    .map((conversation) => ({ ...conversation, tools }))
}

/** What a made-up agent says after a call that failed. */
export const falseClaim = 'Your reservation has been updated successfully.'

/** Claims success after each error, where the recorded agent did not. */
export function claimSuccess(results: readonly string[]): string | null {
  return results.some((text) => text.startsWith('Error: ')) ? falseClaim : null
}

async function writeReplay(folder: string, conversations: readonly Conversation[]): Promise<void> {
  const replayed = pickReplayed(conversations)
  await writeCorpus({ folder, name: 'tau-bench-airline-trial-2', conversations: replayed })
  const write = (name: string, model: string, answer?: typeof claimSuccess) =>
    writeJsonLines({
      folder,
      name,
      values: replayed
        .flatMap((conversation) => listSteps(conversation, answer))
        .map((step) => recordStep(step, model)),
    })
  await write('served.jsonl', 'gpt-4o')
  await write('again.jsonl', 'gpt-4o-again')
  await write('claims-success.jsonl', 'gpt-4o-claims-success', claimSuccess)
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const path = join(folders.source, 'gpt-4o-airline.trials-0-2.json')
  const trajectories = await readJson({ path, schema: z.array(trajectorySchema) })
  const conversations = convertTauBench(trajectories)
  await writeCorpus({ folder: folders.output, name: 'tau-bench-airline', conversations })
  await writeReplay(join(folders.output, 'trial-2'), conversations)
  console.log(`${conversations.length} conversations in ${folders.output}`)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
