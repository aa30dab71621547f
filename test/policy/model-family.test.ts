import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import { lintJudges } from '../../src/lint/judges.ts'
import type { LintResult } from '../../src/lint/result.ts'
import { parsePolicy } from '../../src/policy/load.ts'
import { findFamily, findSharedFamilies, listJudges } from '../../src/policy/model-family.ts'
import { writePolicy } from '../support/gate-scenario.ts'

const families = {
  OpenAI: [
    'gpt-4o',
    'gpt-5-mini-2025-08-07',
    'openai/gpt-4o',
    'openai/gpt-oss-120b',
    'gpt-oss:20b',
    'gpt2',
    'o1-preview',
    'o3',
    'o4-mini',
    'chatgpt-4o-latest',
    'azure/gpt-4o',
    'ft:gpt-4o-mini-2024-07-18:acme:custom:7p4lURel',
    'ft:gpt-4o:acme:llama-like:x1',
    'support-gpt-4o-sft',
    'GPT-4',
  ],
  Anthropic: [
    'claude-sonnet-4-20250514',
    'anthropic/claude-3.5-sonnet',
    'anthropic.claude-v2:1',
    'us.anthropic.claude-3-5-sonnet-20241022-v2:0',
    'claude-3-5-sonnet@20240620',
    'arn:aws:bedrock:us-east-1:123:inference-profile/us.anthropic.claude-3-haiku-20240307-v1:0',
  ],
  Google: ['gemini-2.5-pro', 'models/gemini-1.5-flash', 'google/gemma-2-9b-it', 'text-bison-001', 'palm-2'],
  Meta: [
    'meta-llama/Llama-3-8B',
    'meta-llama/Meta-Llama-3.1-70B-Instruct',
    'meta.llama3-1-8b-instruct-v1:0',
    'accounts/fireworks/models/llama-v3p1-8b-instruct',
    '@cf/meta/llama-3-8b-instruct',
    'llama3.1:8b',
    'ollama/llama3',
    'codellama-7b',
    'TheBloke/Llama-2-7B-GPTQ',
    'NousResearch/Hermes-3-Llama-3.1-8B',
    'acme-llama-3-8b-sft-v12',
  ],
  Qwen: ['Qwen/Qwen2.5-72B-Instruct', 'qwen-max', 'QwQ-32B', 'acme_qwen2.5-7b'],
  Mistral: [
    'mistralai/Mixtral-8x7B-Instruct-v0.1',
    'open-mistral-nemo',
    'mistral.mistral-large-2402-v1:0',
    'ministral-8b-latest',
    'codestral-2501',
    'magistral-medium',
    'mistral-7b-acme',
  ],
  DeepSeek: [
    'deepseek-chat',
    'deepseek-ai/DeepSeek-R1',
    'deepseek/deepseek-r1:free',
    'deepseek.r1-v1:0',
    'deepseek-r1-distill-llama-70b',
  ],
  Microsoft: ['microsoft/phi-4', 'phi3:mini', 'Phi-3.5-mini-instruct'],
  xAI: ['grok-4', 'x-ai/grok-2', 'xai/grok-beta'],
  Cohere: ['command-r-plus', 'cohere/command-a', 'cohere.command-r-v1:0'],
  Amazon: [
    'amazon.nova-pro-v1:0',
    'us.amazon.nova-lite-v1:0',
    'amazon.titan-text-express-v1',
    'amazon/nova-micro',
  ],
  Zhipu: ['glm-4.5', 'THUDM/chatglm3-6b', 'z-ai/glm-4.6', 'zai-org/GLM-4.5-Air'],
  Moonshot: ['moonshotai/Kimi-K2-Instruct', 'kimi-k2', 'moonshot-v1-8k'],
} as const

const listed = Object.entries(families).flatMap(([family, ids]) => ids.map((id) => [id, family]))

describe('the family of a model', () => {
  it.each(listed)('%s is of %s', (id, family) => {
    expect(findFamily(id)).toBe(family)
  })

  it.each([
    '',
    'ckpt-42',
    'judge-1',
    'acme/support-bot',
    'openai/acme-model',
    'ollama/acme',
    'azure/my-deployment',
    'optimus',
    'adamant',
    'commander',
    'novara',
    'philosopher-1',
    'o10',
    'gptq-model',
    'gpt-neox-20b',
    'titanic',
    'grokking-bot',
    'solar-10.7b',
  ])('is not known from %j', (id) => {
    expect(findFamily(id)).toBeNull()
  })

  it('is told from any text at all, however long, without an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (id) => [findFamily(id)].length === 1),
    )
    expect(findFamily(`${'a/'.repeat(500_000)}gpt-4o`)).toBeNull()
    expect(findFamily('-'.repeat(1_000_000))).toBeNull()
  })
})

describe('a judge of a checkpoint’s family', () => {
  it('is named once a family, with the first checkpoint of it', () => {
    expect(
      findSharedFamilies({
        judges: ['judge-1', 'gpt-5', 'gpt-5-2025-08-07', 'claude-opus-4', 'gemini-2.5-pro'],
        checkpoints: ['ft:gpt-4o:acme', 'gpt-4o', 'anthropic/claude-3-haiku'],
      }),
    ).toEqual([
      { family: 'OpenAI', judge: 'gpt-5', checkpoint: 'ft:gpt-4o:acme' },
      { family: 'Anthropic', judge: 'claude-opus-4', checkpoint: 'anthropic/claude-3-haiku' },
    ])
  })

  it('is none where an id does not tell, on either side', () => {
    expect(findSharedFamilies({ judges: ['judge-1'], checkpoints: ['ckpt-42', 'judge-1'] })).toEqual([])
    expect(findSharedFamilies({ judges: ['gpt-5'], checkpoints: ['ckpt-42', 'llama-3'] })).toEqual([])
    expect(findSharedFamilies({ judges: [], checkpoints: ['gpt-4o'] })).toEqual([])
  })
})

describe('the judges of categories', () => {
  it('are the models of their judges, each once; other graders judge nothing', () => {
    expect(
      listJudges([
        {
          graders: [
            { kind: 'judge', model: 'a' },
            { kind: 'judge', model: 'b' },
          ],
        },
        { graders: [{ kind: 'pattern' }, { kind: 'judge', model: 'a' }] },
        { graders: [{ kind: 'moderation', model: 'omni-moderation-latest' }] },
        { graders: [{ kind: 'judge', model: '' }, { kind: 'judge' }] },
      ]),
    ).toEqual(['a', 'b'])
  })
})

describe('lint', () => {
  /** What it warns of, of a judge, the checkpoint that is served and the candidates of registrations. */
  const warn = (judge: string, served: string | null, ...candidates: string[]) => {
    const text = writePolicy(40, { judge: { model: judge } })
    const policy = parsePolicy({ file: 'gate.yml', text }, graderConfigSchema)
    const registrations = candidates.map((candidate) => {
      const nothing = { predictions: [], amendments: [], withdrawn: false }
      const registration = { version: 1 as const, candidate, round: 1, ...nothing }
      return { source: { file: 'r.yml', text: '' }, registration }
    })
    const result: LintResult = { problems: [], checked: [], warnings: [] }
    lintJudges({ policy, served, registrations, result })
    expect([result.problems, result.checked]).toEqual([[], []])
    return result.warnings
  }

  it('warns of a judge of the served checkpoint’s family, or of a candidate’s', () => {
    expect(warn('gpt-5', 'ft:gpt-4o:acme')).toEqual([
      'the judge gpt-5 is of the same family (OpenAI) as the checkpoint ft:gpt-4o:acme: it may overlook what both get wrong; take a judge of another family',
    ])
    expect(warn('claude-opus-4', 'ckpt-1', 'ckpt-2', 'anthropic/claude-3-haiku')).toHaveLength(1)
  })

  it('warns of nothing else', () => {
    expect(warn('gpt-5', 'llama-3-8b', 'qwen-2')).toEqual([])
    expect(warn('judge-1', 'ckpt-1', 'ckpt-2')).toEqual([])
    expect(warn('gpt-5', null)).toEqual([])
  })
})
