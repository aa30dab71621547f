import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createFiles, createWorkTree } from '../../src/adapters/files.ts'
import { describeCorpus } from '../../src/corpus/describe.ts'
import { formatError } from '../../src/errors.ts'
import { type LintResult, lint } from '../../src/lint.ts'
import type { Files } from '../../src/ports.ts'
import { writeConversation } from '../corpus/corpora.ts'
import { policyText } from '../policy/policies.ts'
import { registrationText } from '../registration/registrations.ts'
import { root } from './shared.ts'
import { useTemporaryFolders } from './temporary-folder.ts'

/** The shipped rubrics. */
export const rubrics = join(root, 'rubrics')

/** 800 conversations: enough for the limits of the policy below, and of its registration. */
export const conversations = Array.from({ length: 800 }, (_, index) => writeConversation(`c-${index}`))
/** A policy that 800 turns are enough for. */
export const policy = policyText.replace('turns: 400', 'turns: 800')
/** Half of the conversations are of the app. */
export const surfaces = {
  'corpus/conversations.jsonl': conversations
    .map((_, index) =>
      writeConversation(`c-${index}`, 1, { metadata: { surface: index % 2 === 0 ? 'app' : 'web' } }),
    )
    .join('\n'),
}

/** A repository without a problem, with some of its files replaced, or removed with `null`. */
async function lintFolder(
  makeFolder: () => Promise<string>,
  changes: Record<string, string | null>,
  others: Partial<Files> = {},
): Promise<LintResult> {
  const folder = await makeFolder()
  const corpus = changes['corpus/conversations.jsonl'] ?? conversations.join('\n')
  const files: Record<string, string | null> = {
    'gate.yml': policy,
    'preregistration/ckpt-42.yml': registrationText,
    'deploy/model.yaml': 'serving: { checkpoint: ckpt-41 }',
    'rubrics/unsafe.md': await readFile(join(rubrics, 'unsafe-compliance.md'), 'utf8'),
    'corpus/conversations.jsonl': corpus,
    ...changes,
  }
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  for (const [path, text] of Object.entries(files)) {
    if (text !== null) await write(path, text)
  }
  const ports = createFiles({ corpus: folder, rubrics })
  if (changes['corpus/manifest.json'] === undefined) {
    const paths = ['corpus/conversations.jsonl']
    await write(
      'corpus/manifest.json',
      JSON.stringify(await describeCorpus({ name: 'x', paths, files: ports })),
    )
  }
  const now = new Date('2026-11-02T00:00:00Z')
  const repository = createWorkTree(folder)
  return lint({
    repository,
    sha: 'work tree',
    files: { ...ports, ...others },
    policyFile: 'gate.yml',
    now,
  })
}

/** Lints such repositories in temporary folders of a test file. */
export function useLintFolders() {
  const makeFolder = useTemporaryFolders()
  return {
    lintFolder: (changes: Record<string, string | null> = {}, files: Partial<Files> = {}) =>
      lintFolder(makeFolder, changes, files),
    findProblems: async (changes: Record<string, string | null>): Promise<string[]> =>
      (await lintFolder(makeFolder, changes)).problems.map((problem) => formatError(problem)),
  }
}
