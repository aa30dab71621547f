import { GateError } from '../../src/errors.ts'

/** The GateError that a call throws or rejects with. Fails when there is none, or an error of another kind. */
export async function takeRefusal(work: () => unknown): Promise<GateError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof GateError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** The line and column at which a text is marked with `»`, and the text without the mark. */
export function findMark(marked: string): { text: string; line: number; column: number } {
  const before = marked.slice(0, marked.indexOf('»')).split('\n')
  return { text: marked.replace('»', ''), line: before.length, column: (before.at(-1) ?? '').length + 1 }
}
