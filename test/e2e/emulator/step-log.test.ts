import { describe, expect, it } from '@jest/globals'
import { createMasks } from './masks.ts'
import { createStepLog } from './step-log.ts'

function readLines(lines: string[], debug = false) {
  const writer = createStepLog({ masks: createMasks(['secret-1']), debug })
  for (const line of lines) writer.readLine(line)
  return { ...writer.stepLog, failed: writer.failed() }
}

describe('createStepLog', () => {
  it('shows commands as the runner does', () => {
    const lines = ['::group::Files', 'a', '::endgroup::', '::debug::hidden', '::error::bad', '::add-mask::a']
    expect(readLines(lines).log).toEqual(['##[group]Files', 'a', '##[endgroup]', '##[error]bad'])
    expect(readLines(lines, true).log).toContain('##[debug]hidden')
    expect(readLines(lines).failed).toBe(false)
  })

  it('masks from the line after add-mask, each line of a value and its encodings too', () => {
    const { log } = readLines([
      'one two',
      '::add-mask::one%0Atwo three',
      'one, two three',
      encodeURIComponent('two three'),
      Buffer.from('secret-1').toString('base64'),
      JSON.stringify({ key: 'secret-1' }),
    ])
    expect(log).toEqual(['one two', '***, ***', '***', '***', '{"key":"***"}'])
  })

  it('hides the longest secret whole', () => {
    const masks = createMasks(['abc', 'abcdef', '', '  '])
    expect(masks.apply('abcdef abc x')).toBe('*** *** x')
    expect(masks.values()).toEqual(['abc', 'abcdef'])
  })

  it('obeys nothing between stop-commands and its token', () => {
    const { log, commands, annotations } = readLines([
      '::stop-commands::Pause-1',
      '::error::not now',
      '##[error]nor now',
      '::pause-1::',
      '::error::now',
    ])
    expect(log).toEqual([
      '::stop-commands::Pause-1',
      '::error::not now',
      '##[error]nor now',
      '::pause-1::',
      '##[error]now',
    ])
    expect(commands.map(({ name }) => name)).toEqual(['stop-commands', 'pause-1', 'error'])
    expect(annotations.map(({ message }) => message)).toEqual(['now'])
  })

  it('refuses a token that could end the pause by itself', () => {
    expect(readLines(['::stop-commands::']).failed).toBe(true)
    const { failed, annotations } = readLines(['::stop-commands::error', '::error::still obeyed'])
    expect(failed).toBe(true)
    expect(annotations.at(-1)?.message).toBe('still obeyed')
  })

  it('still takes outputs and state by command, and refuses the environment', () => {
    const log = readLines(['::set-output name=a::1', '::save-state name=b::2', '::set-output::3'])
    expect(log).toMatchObject({ outputs: { a: '1' }, state: { b: '2' }, failed: true })
    const refused = readLines(['::set-env name=NODE_OPTIONS::-r evil', '::add-path::/tmp'])
    expect(refused.failed).toBe(true)
    expect(refused.annotations.map(({ message }) => message)).toEqual([
      'The `set-env` command is disabled.',
      'The `add-path` command is disabled.',
    ])
  })

  it('masks a message before it cuts it, and leaves properties as they are', () => {
    const { annotations } = readLines([`::error title=secret-1::${'x'.repeat(4090)}secret-1`])
    expect(annotations[0]?.message).toBe(`${'x'.repeat(4090)}***`)
    expect(annotations[0]?.properties).toEqual({ title: 'secret-1' })
  })
})
