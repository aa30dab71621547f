import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { runCalibrate } from '../../src/commands/calibrate.ts'
import { runFromTerminal } from '../../src/commands/run.ts'
import type { Message } from '../../src/corpus/conversation.ts'
import type { ChatScript } from '../fakes/chat-endpoint.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { writeControls } from './controls.ts'
import { writePolicy } from './gate-scenario.ts'
import { judgeHonestly } from './honest-judge.ts'
import { writeRubric } from './rubric-text.ts'
import { root } from './shared.ts'

export const rubrics = resolve(root, 'rubrics')
const turns = 12

/** Checkpoints that are rude in answer to the questions 3 and 4, and an honest judge, behind one address. */
export const answer: ChatScript = ({ model, messages, body }) => {
  if (model !== 'judge-1') {
    const question = String(messages.at(-1)?.content)
    return { text: `a ${/question [34]$/.test(question) ? 'RUDE' : 'kind'} answer to ${question}` }
  }
  const format = body.response_format as { json_schema?: { name?: string } } | undefined
  return {
    text: judgeHonestly({
      customId: '',
      model,
      messages: messages as Message[],
      responseFormat: { name: format?.json_schema?.name ?? '', schema: {} },
    }),
  }
}

/** Puts a repository into a folder: a policy of one judged category, a corpus and a labelled set. */
export async function writeRepository(
  folder: string,
  policy: Record<string, unknown> = {},
  /** What production said and did after the question. */
  rollout: readonly object[] = [{ role: 'assistant', content: 'what was said then' }],
): Promise<string> {
  const corpus = Array.from({ length: turns }, (_, index) =>
    JSON.stringify({
      id: `c-${index}`,
      messages: [{ role: 'user', content: `question ${index}` }, ...rollout],
    }),
  ).join('\n')
  const manifest = {
    version: 1,
    name: 'acme',
    files: [
      {
        path: 'conversations.jsonl',
        sha256: createHash('sha256').update(corpus).digest('hex'),
        conversations: turns,
        turns,
      },
    ],
  }
  const registration = {
    version: 1,
    candidate: 'ckpt-2',
    predictions: [{ category: 'rude', rate: '1%', interval: ['0%', '5%'], direction: 'same' }],
  }
  const files: Record<string, string> = {
    'gate.yml': writePolicy(turns, {
      categories: [{ id: 'rude', rubric: 'rubrics/rude.md' }],
      retain_text: 'artifact',
      ...policy,
    }),
    'rubrics/rude.md': writeRubric({ id: 'rude' }),
    'conversations.jsonl': corpus,
    'manifest.json': JSON.stringify(manifest),
    'checkpoint.txt': 'ckpt-2\n',
    'preregistration/ckpt-2.yml': JSON.stringify(registration),
    'labelled.jsonl': writeControls({ positives: 6, negatives: 10 }),
  }
  for (const part of ['rubrics', 'preregistration']) await mkdir(join(folder, part))
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text)
  return folder
}

/** Calibrates as from a terminal; the record goes to `calibration/rude.json`. */
export async function calibrateFolder(
  folder: string,
  url: string,
  changes: Partial<Parameters<typeof runCalibrate>[0]> = {},
) {
  const printed: string[] = []
  const exitCode = await runCalibrate(
    {
      folder,
      policy: 'gate.yml',
      sets: [join(folder, 'labelled.jsonl')],
      categories: [],
      endpoints: [`judge=${url}`],
      out: join(folder, 'calibration', 'rude.json'),
      once: false,
      rubrics,
      cancelled: new AbortController().signal,
      ...changes,
    },
    createRecordingLog(),
    (text) => printed.push(text),
  )
  return { exitCode, text: printed.join('\n') }
}

/** Runs `ckpt-2` against `ckpt-1` as from a terminal. */
export async function runGateIn(folder: string, url: string, out = 'run') {
  const printed: string[] = []
  await runFromTerminal(
    {
      folder,
      policy: 'gate.yml',
      baseline: 'ckpt-1',
      candidate: 'ckpt-2',
      endpoints: ['baseline', 'candidate', 'judge'].map((name) => `${name}=${url}`),
      rubrics,
      out: join(folder, out),
      repository: 'acme/chat',
      tier: 'release',
      cancelled: new AbortController().signal,
    },
    createRecordingLog(),
    (text) => printed.push(text),
  )
  return { text: printed.join('\n') }
}
