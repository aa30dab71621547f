import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { gradeInCategory } from '../../src/grade/chain.ts'
import { type GradeItem, type Grader, notApplicable } from '../../src/grade/grader.ts'
import type { Label } from '../../src/grade/label.ts'
import { countVotes } from '../../src/grade/votes.ts'
import { makeItem } from '../support/grading.ts'

const labels = {
  present: { kind: 'present', quote: 'x' },
  absent: { kind: 'absent' },
  missing: { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' },
  'not-asked': { kind: 'not-asked', reason: 'max-requests' },
} as const satisfies Record<string, Label>
type Kind = keyof typeof labels

/** A grader that says what it is told, one word after the other, and is asked no more often than that. */
function makeGrader(kind: string, ...says: Kind[]): Grader & { asked: GradeItem['pass'][] } {
  const asked: GradeItem['pass'][] = []
  return {
    kind,
    asked,
    async grade({ pass }) {
      const said = says[asked.length]
      asked.push(pass)
      if (said === undefined) throw new Error(`asked ${asked.length} times`)
      const use = {
        endpoint: kind,
        model: 'm',
        answeredAs: { m: 1 },
        usage: { promptTokens: 1, completionTokens: 1 },
      }
      return { label: labels[said], votes: countVotes([labels[said]]), uses: [use] }
    },
  }
}

const judge = (...says: Kind[]) => makeGrader('judge', ...says)
const pattern = (...says: Kind[]) => makeGrader('pattern', ...says)

async function grade(graders: Grader[], isSuspicious: boolean) {
  return gradeInCategory({ item: makeItem({ text: 'x' }), graders, begun: null, isSuspicious })
}

/** The label, and the second opinion where one was asked. */
async function label(graders: Grader[], isSuspicious = true) {
  const { label: given, secondOpinion } = await grade(graders, isSuspicious)
  return [given.kind, secondOpinion]
}

describe('an ordinary completion', () => {
  it('is cleared by the first grader that does not flag it, and the later ones are not asked', async () => {
    expect(await label([judge('absent'), judge()], false)).toEqual(['absent', null])
    expect(await label([pattern('absent'), judge()], false)).toEqual(['absent', null])
    expect(await label([judge('present'), judge('absent'), judge()], false)).toEqual(['absent', null])
  })

  it('is present where all flag it, and missing where the one that decides has no label', async () => {
    expect(await label([pattern('present'), judge('present')], false)).toEqual(['present', null])
    expect(await label([judge('missing'), judge()], false)).toEqual(['missing', null])
    expect(await label([judge('present'), judge('not-asked')], false)).toEqual(['not-asked', null])
  })
})

describe('a pre-screened completion', () => {
  it('is asked of the one judge once more, and what either finds counts', async () => {
    expect(await label([judge('absent', 'absent')])).toEqual(['absent', 'absent'])
    expect(await label([judge('absent', 'present')])).toEqual(['present', 'present'])
    expect(await label([judge('absent', 'missing')])).toEqual(['missing', 'missing'])
    expect(await label([judge('absent', 'not-asked')])).toEqual(['not-asked', 'not-asked'])
    expect(await label([judge('present')])).toEqual(['present', null])
    expect(await label([judge('missing')])).toEqual(['missing', null])
  })

  it('goes on to the next judge where there is one', async () => {
    expect(await label([judge('absent'), judge('absent')])).toEqual(['absent', null])
    expect(await label([judge('absent'), judge('present')])).toEqual(['present', null])
    expect(await label([judge('absent'), judge('missing')])).toEqual(['missing', null])
    expect(await label([judge('absent'), judge('present'), judge('present')])).toEqual(['present', null])
    expect(await label([judge('absent'), judge('absent'), judge()])).toEqual(['absent', null])
  })

  it('is not cleared by a confirmation alone', async () => {
    expect(await label([judge('present'), judge('absent', 'absent')])).toEqual(['absent', 'absent'])
    expect(await label([judge('present'), judge('absent', 'present')])).toEqual(['present', 'present'])
    expect(await label([judge('present'), judge('absent'), judge('present')])).toEqual(['present', null])
  })

  it('is cleared by code that finds nothing, whatever judges say', async () => {
    expect(await label([pattern('absent'), judge()])).toEqual(['absent', null])
    expect(await label([judge('present'), pattern('absent')])).toEqual(['absent', null])
    expect(await label([judge('absent', 'present'), pattern('absent')])).toEqual(['absent', 'present'])
    expect(await label([judge('absent', 'absent'), pattern()])).toEqual(['absent', 'absent'])
  })

  it('is not asked again where the rubric does not speak of it', async () => {
    const silent: Grader = { kind: 'judge', grade: async () => notApplicable }
    expect(await label([silent])).toEqual(['absent', null])
    expect((await grade([silent], true)).asked).toBe(false)
  })

  it('keeps the votes of each grader, names the second opinion, and counts what all of it took', async () => {
    const [first, confirm] = [judge('present'), judge('absent', 'present')]
    const grading = await grade([first, confirm], true)
    expect([first.asked, confirm.asked]).toEqual([['first'], ['first', 'second']])
    expect(grading).toMatchObject({
      steps: [
        { present: 1, absent: 0, missing: 0 },
        { present: 0, absent: 1, missing: 0 },
      ],
      secondOpinion: 'present',
      asked: true,
    })
    expect(grading.uses).toHaveLength(3)
  })

  it('takes the answer of a shared call for the first opinion', async () => {
    const own = judge('present')
    const shared = { label: labels.absent, votes: countVotes([labels.absent]), uses: [] }
    const item = makeItem({ text: 'x' })
    const suspicious = await gradeInCategory({ item, graders: [own], begun: shared, isSuspicious: true })
    expect(suspicious).toMatchObject({ label: { kind: 'present' }, secondOpinion: 'present' })
    expect(own.asked).toEqual(['second'])
    const plain = await gradeInCategory({ item, graders: [judge()], begun: shared, isSuspicious: false })
    expect(plain).toMatchObject({ label: { kind: 'absent' }, secondOpinion: null })
  })
})

describe('whatever graders say', () => {
  const kinds = fc.constantFrom<Kind>('present', 'absent', 'missing', 'not-asked')
  const chains = fc.array(
    fc.record({ kind: fc.constantFrom('judge', 'pattern'), says: fc.tuple(kinds, kinds) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )

  it('a pre-screen never makes a label absent that would not be so without it', async () => {
    await fc.assert(
      fc.asyncProperty(chains, async (chain) => {
        const build = () => chain.map(({ kind, says }) => makeGrader(kind, ...says))
        const [without] = await label(build(), false)
        const [withScreen] = await label(build(), true)
        if (withScreen === 'absent') expect(without).toBe('absent')
      }),
      { numRuns: 1000 },
    )
  })

  it('an absent label of a pre-screened completion is that of code, or of two opinions', async () => {
    await fc.assert(
      fc.asyncProperty(chains, async (chain) => {
        const said: string[] = []
        const graders = chain.map(({ kind, says }): Grader => {
          const inner = makeGrader(kind, ...says)
          return {
            kind,
            async grade(item) {
              const grading = await inner.grade(item)
              said.push(`${kind} ${grading.label.kind}`)
              return grading
            },
          }
        })
        const [given] = await label(graders)
        if (given !== 'absent' || said.includes('pattern absent')) return
        expect(said.filter((entry) => entry === 'judge absent').length).toBeGreaterThanOrEqual(2)
      }),
      { numRuns: 1000 },
    )
  })
})
