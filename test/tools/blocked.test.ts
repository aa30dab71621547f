import { describe, expect, it } from '@jest/globals'
import { createBlockedEnvironment } from '../../src/tools/blocked.ts'
import { cutText } from '../../src/tools/cut-text.ts'
import { looksLikeError } from '../../src/tools/error-result.ts'
import { writeError } from '../../src/tools/write-error.ts'
import { makeTurn } from '../support/grading.ts'
import { ask, makeCall } from './asked-call.ts'
import { buildDatabase, makeConversation } from './call-conversations.ts'

async function writeAfter(recorded: string): Promise<string> {
  const database = await buildDatabase([makeConversation('past', [['get', '{}', recorded]])])
  return writeError({ database, seed: 's', turn: 'c#1', tool: 'get' }, 'no luck')
}

describe('an error that is made up', () => {
  it.each([
    ['{"error":"user 7 not found"}', '{"error":"no luck"}'],
    [
      '{"status":"error","error":{"code":404,"message":"7?"}}',
      '{"status":"error","error":{"code":404,"message":"no luck"}}',
    ],
    ['Error: user 7 not found', 'Error: no luck'],
    ['ValueError: bad id 7', 'ValueError: no luck'],
    // Without a place for a message, or too long to be a form.
    ['{"success":false}', 'Error: no luck'],
    ['Traceback (most recent call last)', 'Error: no luck'],
    [`Error: ${'x'.repeat(3000)}`, 'Error: no luck'],
  ])('has the form of a recorded one: %s', async (recorded, written) => {
    expect(looksLikeError(recorded)).toBe(true)
    expect(await writeAfter(recorded)).toBe(written)
    expect(looksLikeError(written)).toBe(true)
  })

  it('is plain where none was recorded', async () => {
    expect(await writeAfter('fine')).toBe('Error: no luck')
    expect(writeError({ database: null, seed: 's', turn: 'c#1', tool: 'get' }, 'no luck')).toBe(
      'Error: no luck',
    )
  })
})

describe('a blocked call', () => {
  it('is refused with an error, the same for a tool throughout a trajectory and in both arms', async () => {
    const blocked = createBlockedEnvironment({ database: null, seed: 's' })
    const refuse = async (id: string, arm: 'baseline' | 'candidate' = 'candidate') => {
      const answer = await blocked.answer(ask(makeCall('get', { id }), { arm, turn: makeTurn({ id }) }))
      expect(answer).toMatchObject({ kind: 'answered', isError: true })
      return answer?.kind === 'answered' ? answer.text : ''
    }
    expect(looksLikeError(await refuse('c#1'))).toBe(true)
    expect(await refuse('c#1')).toBe(await refuse('c#1', 'baseline'))
    const texts = await Promise.all(Array.from({ length: 60 }, (_, index) => refuse(`c${index}#1`)))
    expect(new Set(texts).size).toBe(3)
  })
})

describe('a text that is too long', () => {
  it('is cut at a letter, says so, and is not cut again', () => {
    const text = '€'.repeat(10_000)
    const { text: cut, isCut } = cutText(text, 2000)
    expect(isCut).toBe(true)
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(2000)
    expect(cut).toMatch(/^€+\n\[output truncated: \d+ of 30000 bytes\]$/)
    expect(cutText(cut, 2000)).toEqual({ text: cut, isCut: false })
    expect(cutText('€'.repeat(600), 1800)).toEqual({ text: '€'.repeat(600), isCut: false })
  })
})
