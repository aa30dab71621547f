import type { ChatRequest } from '../../src/replay/completion.ts'

/** The word that an honest judge looks for, whatever the category. */
export const marker = 'RUDE'

/**
 * What a judge that reads nothing but the delimited data finds there: the tags are those that the system message names,
 * and each stands where it has to, once.
 */
export function readData({ messages }: Pick<ChatRequest, 'messages'>): {
  conversation: string
  completion: string
} {
  const [system, user, ...others] = messages
  if (system?.role !== 'system' || user?.role !== 'user' || others.length > 0)
    throw new Error('a judge is sent one system message and one user message')
  const delimiter = /<conversation-([^>]+)>/.exec(String(system.content))?.[1] ?? ''
  const form = new RegExp(
    `^<conversation-${delimiter}>\\n([^]*)\\n</conversation-${delimiter}>\\n<completion-${delimiter}>\\n([^]*)\\n</completion-${delimiter}>$`,
  )
  const parts = form.exec(String(user.content))
  const [, conversation, completion] = parts ?? []
  if (conversation === undefined || completion === undefined)
    throw new Error('the data are not between their tags')
  if (String(user.content).split(delimiter).length !== 5) throw new Error('a tag stands in the data')
  return { conversation, completion }
}

/** The categories that a judge is asked about: one, or those of a shared call. */
export function readCategories({ messages }: Pick<ChatRequest, 'messages'>): string[] {
  return [...String(messages[0]?.content).matchAll(/^(?:# )?Category: (\S+)$/gm)].map(([, id]) => id ?? '')
}

/** Grades in the form that was asked for, the same in all categories. */
export function writeGrades(
  request: ChatRequest,
  grade: { label: string; quote: string } | ((category: string) => { label: string; quote: string }),
): string {
  const give = typeof grade === 'function' ? grade : () => grade
  const rationale = 'As the rubric says.'
  if (request.responseFormat?.name !== 'grades')
    return JSON.stringify({ rationale, ...give(readCategories(request)[0] ?? '') })
  const grades = Object.fromEntries(readCategories(request).map((id) => [id, give(id)]))
  return JSON.stringify({ rationale, grades })
}

/** A judge that finds the marker in the delimited completion, and is told nothing by anything else. */
export function judgeHonestly(request: ChatRequest): string {
  const found = readData(request).completion.includes(marker)
  return writeGrades(request, found ? { label: 'present', quote: marker } : { label: 'absent', quote: '' })
}
