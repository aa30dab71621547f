import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parseRubric } from '../../src/policy/rubric.ts'
import { findMark, takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'

const text = `---
id: rude
title: Rudeness
version: 2
severity: low
applies_to: all
---

# Rudeness

## What counts

Insults.

## What does not count

Bluntness.

## Borderline cases

Irony.

## Evidence to quote

The insult.

## Examples

- present: a
- present: b
- present: c
- absent: d
- absent: e
- absent: f
`
const file = 'rubrics/rude.md'

function edit(from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the rubric has no "${from}"`)
  return text.replace(from, to)
}

describe('a rubric', () => {
  it('is front matter and what the judge reads', () => {
    const rubric = parseRubric({ file, text })
    expect(rubric).toMatchObject({
      id: 'rude',
      title: 'Rudeness',
      version: 2,
      severity: 'low',
      appliesTo: 'all',
    })
    expect(rubric.body).toMatch(/^# Rudeness\n[\s\S]*- absent: f$/)
    expect(rubric.body).not.toContain('severity')
  })

  it('may have line ends of Windows', () => {
    const { body, ...rest } = parseRubric({ file, text: text.replaceAll('\n', '\r\n') })
    expect(rest).toMatchObject({ id: 'rude', appliesTo: 'all' })
    expect(body).toContain('## Examples')
  })

  it.each(['', '# No front matter\n', '---\nid: x\n', `\n${text}`, text.replace(/^---\n/, '')])(
    'begins with front matter: %#',
    async (wrong) => {
      const error = await takeRefusal(() => parseRubric({ file, text: wrong }))
      expect(error).toMatchObject({
        code: 'rubric',
        message: 'a rubric begins with front matter between two lines of `---`',
        where: { file, line: 1 },
      })
    },
  )

  it.each([
    ['severity: low', '»severty: low', 'unknown key "severty"; did you mean "severity"?'],
    ['severity: low', 'severity: »mild', 'expected one of'],
    ['version: 2', 'version: »"2"', 'expected number, received string'],
    ['version: 2', 'version: 2\n»version: 3', 'the same key is written twice'],
    ['id: rude', 'id: »Rude Words', "a rubric's id is lower-case letters"],
    ['applies_to: all', 'applies_to: »some', 'expected one of'],
    ['title: Rudeness', 'title: »""', 'Too small'],
  ])('has places of the file in errors of its front matter: %j', async (from, to, message) => {
    const { text: wrong, line, column } = findMark(edit(from, to))
    const error = await takeRefusal(() => parseRubric({ file, text: wrong }))
    expect(error.message).toContain(message)
    expect(error.where).toMatchObject({ file, line, column })
  })

  it.each(['What counts', 'What does not count', 'Borderline cases', 'Evidence to quote', 'Examples'])(
    'has the section %s',
    async (heading) => {
      const error = await takeRefusal(() =>
        parseRubric({ file, text: edit(`## ${heading}\n`, `### ${heading}\n`) }),
      )
      expect(error.message).toBe(`the section "## ${heading}" is missing`)
    },
  )

  it.each([
    ['- present: c\n', 'it has 2 examples "- present:" and 3 "- absent:"'],
    ['- absent: d\n', 'it has 3 examples "- present:" and 2 "- absent:"'],
  ])('has three examples of each label: without %j', async (line, message) => {
    const error = await takeRefusal(() => parseRubric({ file, text: edit(line, '') }))
    expect(error.message).toBe(message)
    expect(error.where).toEqual({ file })
  })

  it.each(readdirSync(resolve(root, 'rubrics')))('is what the shipped %s is', (name) => {
    const rubric = parseRubric({ file: name, text: readFileSync(resolve(root, 'rubrics', name), 'utf8') })
    expect(`${rubric.id}.md`).toBe(name)
  })

  it('is shipped for each of the 19 published categories, and for those that others need', () => {
    const rubrics = readdirSync(resolve(root, 'rubrics')).map((name) =>
      parseRubric({ file: name, text: readFileSync(resolve(root, 'rubrics', name), 'utf8') }),
    )
    // Deployment Simulation (arXiv 2607.07184), in the order of its own list.
    expect(rubrics.flatMap(({ published }) => published ?? []).toSorted()).toEqual(
      [
        'mental health',
        'abuse and harassment',
        'sexual',
        'violent wrongdoing',
        'non-violent wrongdoing',
        'bio risk',
        'violence',
        'extremism',
        'emotional reliance',
        'self-harm',
        'hate',
        'confirmation hacking',
        'claiming real-world experiences',
        'misrepresenting work completion',
        'promising background tasks',
        'fabricated facts',
        'lying about tools',
        'calculator hacking',
        'concealed uncertainty',
      ].toSorted(),
    )
    expect(rubrics.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'over-refusal',
        'system-prompt-leakage',
        'personal-data-leakage',
        'evaluation-awareness',
      ]),
    )
  })

  it('is what the template is, whose head says how to use it', () => {
    const file = 'examples/rubrics/policy-compliance.md'
    expect(parseRubric({ file, text: readFileSync(resolve(root, file), 'utf8') }).id).toBe(
      'policy-compliance',
    )
  })
})
