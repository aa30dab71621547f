import { describe, expect, it } from '@jest/globals'
import { loadRubrics } from '../../src/grade/rubrics.ts'
import type { Files } from '../../src/ports.ts'
import { createMemoryRepository } from '../fakes/memory-repository.ts'
import { writeRubric } from '../support/rubric-text.ts'

const files: Files = {
  async *openCorpusFile() {},
  readBuiltinRubric: async (id) => (id === 'rude' ? writeRubric({ id }) : null),
}

function load(references: string[], sha = 'base') {
  const repository = createMemoryRepository({
    base: { 'rubrics/unsafe.md': writeRubric({ id: 'unsafe' }), 'rubrics/broken.md': '# no front matter' },
    head: { 'rubrics/unsafe.md': writeRubric({ id: 'weakened' }) },
  })
  return loadRubrics({ references, repository, sha, files })
}

describe('loadRubrics', () => {
  it('takes shipped ones by name and others from the commit that it is given', async () => {
    const loaded = await load(['builtin:rude', 'rubrics/unsafe.md'])
    expect(Object.keys(loaded.texts)).toEqual(['builtin:rude', 'rubrics/unsafe.md'])
    expect(loaded.texts['rubrics/unsafe.md']).toBe(writeRubric({ id: 'unsafe' }))
    expect(loaded.rubrics.get('builtin:rude')?.id).toBe('rude')
    expect(loaded.rubrics.get('rubrics/unsafe.md')?.id).toBe('unsafe')
  })

  it.each([
    ['builtin:other', /no rubric called "other" is shipped/],
    ['rubrics/absent.md', /the rubric is not there/],
    ['rubrics/broken.md', /begins with front matter/],
  ])('refuses %s by its name', async (reference, message) => {
    await expect(load([reference])).rejects.toMatchObject({
      code: 'rubric',
      message: expect.stringMatching(message),
      where: { file: reference },
    })
  })
})
