import { describe, expect, it } from '@jest/globals'
import { isNameOf } from '../../src/replay/model-name.ts'

describe('the name of an answer', () => {
  it.each([
    ['ckpt-42', 'ckpt-42'],
    ['gpt-5-mini', 'gpt-5-mini-2025-08-07'],
    ['gpt-4', 'gpt-4-0613'],
    ['mistral-large', 'mistral-large-2407'],
    ['claude-3-7-sonnet', 'claude-3-7-sonnet@20250219'],
    ['gemini-1.5-pro', 'gemini-1.5-pro-002'],
    ['gemini-1.5-pro', 'models/gemini-1.5-pro-002'],
    ['llama3', 'llama3:latest'],
    ['ckpt-42', 'ckpt-42-v2'],
    ['ckpt-42', 'ckpt-42:v1.5.2'],
    ['ckpt-42', 'models/ckpt-42'],
    ['ckpt-42', '/mnt/models/ckpt-42'],
    ['acme/ckpt-42', 'ckpt-42'],
    ['acme/ckpt-42', 'hub/acme/ckpt-42'],
  ])('is a plain form of the id: %s, %s', (id, name) => {
    expect(isNameOf(id, name)).toBe(true)
  })

  it.each([
    ['ckpt-4', 'ckpt-42'],
    ['ckpt-4', 'ckpt-4-2'],
    ['ckpt-42', 'ckpt-42-1000'],
    ['ckpt-42', 'ckpt-42-mini'],
    ['gpt-5', 'gpt-5-mini'],
    ['gpt-5-mini-2025-08-07', 'gpt-5-mini'],
    ['gpt-5-mini-2025-08-07', 'gpt-5-mini-2025-11-01'],
    ['gpt-4', 'gpt-4-1341'],
    ['gpt-4', 'gpt-4-0640'],
    ['llama3:8b', 'llama3:70b'],
    ['llama3', 'llama3:70b'],
    ['acme/ckpt-42', 'other/ckpt-42'],
    ['ckpt-42', 'my-ckpt-42'],
    ['ckpt-42', 'CKPT-42'],
    ['ckpt-42', 'ckpt-42.gguf'],
    ['ckpt-42', 'ckpt-42-2025-08-07-v2'],
    ['ckpt-42', ''],
    ['ckpt-42', '/'],
    ['acme/', ''],
  ])('is another’s: %s, %s', (id, name) => {
    expect(isNameOf(id, name)).toBe(false)
  })
})
