import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { parseRegistration } from '../src/registration/load.ts'
import { readPolicy } from './policy/policies.ts'
import { listDocBlocks } from './support/doc-blocks.ts'
import { root } from './support/shared.ts'

const read = (path: string) => readFileSync(resolve(root, path), 'utf8')
const blocks = listDocBlocks('docs/register.md')

describe('the page on drafting registrations', () => {
  it('shows a draft that the demo takes', () => {
    const [text] = blocks.filter((block) => /^candidate:/m.test(block.text)).map((block) => block.text)
    const policy = readPolicy(read('examples/demo/checkpoint-gate.yml'))
    expect(parseRegistration({ file: 'docs', text: text ?? '' }, policy)).toMatchObject({
      candidate: 'demo-next',
      predictions: [{ category: 'over-refusal', ratePer100k: 1350, intervalPer100k: [0, 3590] }],
    })
  })

  it('shows a step whose inputs the action has, with no more permissions than it takes', () => {
    const [workflow] = blocks.filter(({ text }) => text.includes('jobs:')).map(({ text }) => parse(text))
    const job = workflow.jobs.registrations
    expect(job.permissions).toEqual({ contents: 'read', 'pull-requests': 'write' })
    const { inputs } = parse(read('action.yml'))
    for (const key of Object.keys(job.steps[0].with)) expect(inputs).toHaveProperty(key)
    expect(job.steps[0].with).toEqual({ mode: 'register' })
  })

  it('names options that the command has', () => {
    const command = read('src/commands/register-command.ts') + read('src/commands/options.ts')
    const page = read('docs/register.md')
    const options = [...new Set([...page.matchAll(/(?<=[`\s])(--[a-z-]+)/g)].map((match) => match[1] ?? ''))]
    expect(options.length).toBeGreaterThan(8)
    expect(options.filter((option) => option !== '--aa' && !command.includes(`'${option}`))).toEqual([])
  })

  it('shows the key of the policy that it is about', () => {
    const text = read('examples/demo/checkpoint-gate.yml')
    expect(readPolicy(text).registration).toBe('file')
    expect(readPolicy(`${text}registration: standing\n`).registration).toBe('standing')
  })
})
