import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse, parseDocument } from 'yaml'
import {
  type DocBlock,
  isGateStep,
  listDocBlocks,
  listEvents,
  type Workflow,
  type WorkflowJob,
} from './support/doc-blocks.ts'
import { root } from './support/shared.ts'

const pages = ['docs/hardening.md', 'docs/attestation.md', 'docs/shards.md']
const blocks = pages.flatMap((page) => listDocBlocks(page))
const read = (path: string) => readFileSync(resolve(root, path), 'utf8')
const action = parse(read('action.yml'))
/** Events that the gate judges; it refuses any other. */
const judged = [...read('src/adapters/github/event.ts').matchAll(/^ {4}case '(\w+)':/gm)].map(
  (match) => match[1],
)

const named = (block: DocBlock) => [`${block.page}:${block.line}`, block] as const
const workflows = blocks.filter(({ language }) => language === 'yaml')
const jobs = workflows.flatMap((block) => {
  const workflow: Workflow = parse(block.text)
  return Object.entries(workflow.jobs).map(([name, job]) => ({
    where: `${block.page}:${block.line} ${name}`,
    job,
    workflow,
  }))
})
const steps = jobs.flatMap(({ where, job }) => job.steps.map((step) => ({ where, step })))
const gateSteps = steps.filter(({ step }) => isGateStep(step))

describe('the pages on hardening and attestation', () => {
  it('are tried on what they hold', () => {
    expect(workflows.length).toBeGreaterThanOrEqual(7)
    expect(gateSteps.length).toBeGreaterThanOrEqual(7)
    expect(judged).toEqual(['pull_request', 'merge_group', 'push', 'workflow_dispatch'])
  })

  it('have fences of known languages, and JSON that is JSON', () => {
    const known = new Set(['yaml', 'json', 'sh', 'text'])
    expect(
      blocks.filter(({ language }) => !known.has(language)).map(({ page, line }) => `${page}:${line}`),
    ).toEqual([])
    for (const { text } of blocks.filter(({ language }) => language === 'json')) JSON.parse(text)
  })

  it('link to headings that exist', () => {
    const slugs = (page: string) =>
      [...read(page).matchAll(/^#+ (.+)$/gm)].map((match) =>
        (match[1] ?? '')
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .replaceAll(' ', '-'),
      )
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)\s#:]*)#([^)]+)\)/g)]
        .map((match) => ({
          file: match[1] === '' ? page : `${dirname(page)}/${match[1]}`,
          anchor: match[2] ?? '',
        }))
        .filter(({ file, anchor }) => !existsSync(resolve(root, file)) || !slugs(file).includes(anchor)),
    )
    expect(broken).toEqual([])
  })
})

describe.each(workflows.map(named))('the workflow at %s', (_, block) => {
  const document = parseDocument(block.text, { strict: true, uniqueKeys: true })
  const workflow: Workflow = document.toJS()

  it('is YAML without errors and warnings', () => {
    expect([...document.errors, ...document.warnings]).toEqual([])
    expect(Object.keys(workflow.jobs).length).toBeGreaterThan(0)
  })

  it('grants nothing at the top, and each job what it needs alone', () => {
    expect(workflow.permissions).toEqual({})
    for (const job of Object.values(workflow.jobs)) {
      expect(job.permissions).toBeDefined()
      for (const [name, level] of Object.entries(job.permissions ?? {})) {
        const write = ['pull-requests', 'attestations', 'id-token'].includes(name) && level === 'write'
        expect({ name, level: write ? 'write' : level }).toEqual({ name, level: write ? 'write' : 'read' })
      }
    }
  })

  it('runs on events that the gate judges, without cancelling what is under way', () => {
    const runsGate = Object.values(workflow.jobs).some((job) => job.steps.some(isGateStep))
    if (runsGate) expect(listEvents(workflow).filter((name) => !judged.includes(name))).toEqual([])
    expect(workflow.concurrency?.['cancel-in-progress'] ?? false).toBe(false)
  })

  it('checks nothing of a pull request out, and puts nothing that others write into a script', () => {
    const own = Object.values(workflow.jobs).flatMap((job) => job.steps)
    expect(own.filter(({ uses }) => uses?.startsWith('actions/checkout@'))).toEqual([])
    expect(own.filter(({ run }) => run?.includes('${{'))).toEqual([])
  })

  it('refers to jobs, steps and outputs that are there', () => {
    for (const [name, job] of Object.entries(workflow.jobs)) {
      expect(listBrokenReferences(workflow, job).map((reference) => `${name}: ${reference}`)).toEqual([])
    }
  })
})

function listBrokenReferences(workflow: Workflow, job: WorkflowJob): string[] {
  const text = JSON.stringify(job)
  const outputs = [...text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)].filter(([, id, output = '']) => {
    const step = job.steps.find((entry) => entry.id === id)
    return step === undefined || (isGateStep(step) && !Object.hasOwn(action.outputs, output))
  })
  const needs = [...text.matchAll(/needs\.([\w-]+)\.outputs\.([\w-]+)/g)].filter(
    ([, id = '', output = '']) => job.needs !== id || workflow.jobs[id]?.outputs?.[output] === undefined,
  )
  const missing =
    job.needs === undefined || Object.hasOwn(workflow.jobs, job.needs) ? [] : [`needs: ${job.needs}`]
  return [...outputs, ...needs].map(([reference]) => reference).concat(missing)
}

describe('the steps of these workflows', () => {
  it('pin every action to a commit, or to the placeholder for one', () => {
    const used = steps.flatMap(({ where, step }) =>
      step.uses === undefined ? [] : [`${where}: ${step.uses}`],
    )
    expect(used.length).toBeGreaterThan(8)
    expect(used.filter((entry) => !/@(?:[0-9a-f]{40}|COMMIT_SHA)$/.test(entry))).toEqual([])
  })

  it('give the gate inputs that it has', () => {
    const unknown = gateSteps.flatMap(({ where, step }) =>
      Object.keys(step.with ?? {})
        .filter((name) => !Object.hasOwn(action.inputs, name))
        .map((name) => `${where}: ${name}`),
    )
    expect(unknown).toEqual([])
  })

  it('give it keys of endpoints that they name, from secrets, in jobs with an environment', () => {
    for (const { where, job } of jobs) {
      for (const step of job.steps.filter(isGateStep)) {
        const endpoints = [...(step.with?.endpoints ?? '').matchAll(/^(\w+)=/gm)].map((match) => match[1])
        const keys = Object.keys(step.env ?? {})
        const names = keys.map((name) => name.replace(/^CHECKPOINT_GATE_KEY_/, '').toLowerCase())
        expect({ where, names: names.filter((name) => !endpoints.includes(name)) }).toEqual({
          where,
          names: [],
        })
        expect(Object.values(step.env ?? {}).every((value) => /^\$\{\{ secrets\.\w+ \}\}$/.test(value))).toBe(
          true,
        )
        expect({ where, named: job.environment !== undefined }).toEqual({ where, named: keys.length > 0 })
      }
    }
  })

  it('let no job that measures sign, and none that signs measure', () => {
    const signing = jobs.filter(({ job }) => job.permissions?.['id-token'] === 'write')
    expect(signing).toHaveLength(1)
    for (const { job } of signing) expect(job.steps.some(isGateStep)).toBe(false)
  })

  it('sign and verify the same type of predicate', () => {
    const text = read('docs/attestation.md')
    const types = [...text.matchAll(/https:\/\/in-toto\.io\/attestation\/[\w/.-]+/g)].map(([type]) => type)
    expect(new Set(types)).toEqual(new Set(['https://in-toto.io/attestation/test-result/v0.1']))
    expect(types.length).toBeGreaterThanOrEqual(2)
  })
})

describe('the artifacts that these workflows download', () => {
  const downloads = jobs.flatMap(({ where, job, workflow }) =>
    job.steps.flatMap((step) =>
      step.uses?.startsWith('actions/download-artifact@') === true ? [{ where, step, job, workflow }] : [],
    ),
  )

  it('are those that the gate names in its output, by way of the job that it is a step of', () => {
    expect(new Set(downloads.map(({ where }) => where.split(':')[0])).size).toBe(2)
    for (const { where, step, job, workflow } of downloads) {
      const name = step.with?.name ?? ''
      const isNamed = /^\$\{\{ needs\.checkpoint-gate\.outputs\.artifact \}\}$/.test(name)
      expect({ where, isNamed }).toEqual({ where, isNamed: true })
      expect(job.needs).toBe('checkpoint-gate')
      const measuring = workflow.jobs['checkpoint-gate']
      expect(measuring?.outputs?.artifact).toMatch(/^\$\{\{ steps\.gate\.outputs\.artifact \}\}$/)
      expect(measuring?.steps.find(isGateStep)?.id).toBe('gate')
    }
  })
})

describe('the owners', () => {
  const codeowners =
    listDocBlocks('docs/hardening.md').find(({ text }) => text.includes('CODEOWNERS'))?.text ?? ''
  const rules = codeowners
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/))
  /** GitHub's order: the last line that matches wins. */
  const findOwners = (path: string) =>
    rules
      .findLast(([pattern = '']) =>
        pattern.endsWith('/') ? `/${path}`.startsWith(pattern) : `/${path}` === pattern,
      )
      ?.slice(1) ?? []

  it.each([
    ['.github/workflows/checkpoint-gate.yml', '@acme/platform-security'],
    ['.github/CODEOWNERS', '@acme/platform-security'],
    ['.github/checkpoint-gate.yml', '@acme/model-safety'],
    ['rubrics/unsafe.md', '@acme/model-safety'],
    ['calibration/unsafe.json', '@acme/model-safety'],
    ['corpus/manifest.json', '@acme/privacy'],
    ['preregistration/ckpt-42.yml', '@acme/model-safety'],
    ['diagnoses/ckpt-42.yml', '@acme/model-safety'],
    ['audits/101.jsonl', '@acme/model-safety'],
    ['deploy/model.yaml', '@acme/serving'],
  ])('of %s include %s', (path, owner) => {
    expect(findOwners(path)).toContain(owner)
  })

  it('are teams, a line each, and of nothing else', () => {
    expect(rules.length).toBeGreaterThan(5)
    expect(rules.flatMap(([, ...owners]) => owners).filter((name) => !/^@acme\/[a-z-]+$/.test(name))).toEqual(
      [],
    )
    expect(findOwners('src/index.ts')).toEqual([])
  })

  it('include those of the policy’s default path', () => {
    expect(findOwners(action.inputs.policy.default)).toEqual(['@acme/model-safety'])
  })
})

describe('the rulesets', () => {
  const rulesets = blocks
    .filter(({ language }) => language === 'json')
    .map(({ text }) => JSON.parse(text))
    .filter((value) => 'rules' in value)
  const rules: { type: string; parameters?: Record<string, unknown> }[] = rulesets.flatMap(
    (ruleset) => ruleset.rules,
  )

  it('are enforced on branches, and nobody goes around them', () => {
    expect(rulesets).toHaveLength(2)
    for (const ruleset of rulesets) {
      expect(ruleset).toMatchObject({ target: 'branch', enforcement: 'active', bypass_actors: [] })
      expect(ruleset.conditions.ref_name.include).toContain('~DEFAULT_BRANCH')
    }
  })

  it('require the workflow that the page shows, and owners', () => {
    const required = rules.find(({ type }) => type === 'workflows')?.parameters?.workflows
    expect(required).toEqual([expect.objectContaining({ path: '.github/workflows/checkpoint-gate.yml' })])
    const [first] = workflows
    expect(first?.text).toMatch(/^# acme\/gates: \.github\/workflows\/checkpoint-gate\.yml\n/)
    expect(rules.find(({ type }) => type === 'pull_request')?.parameters).toMatchObject({
      require_code_owner_review: true,
      require_last_push_approval: true,
    })
  })
})
