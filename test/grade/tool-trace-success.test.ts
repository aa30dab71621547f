import { describe, expect, it } from '@jest/globals'
import { looksLikeError } from '../../src/tools/error-result.ts'
import { findIn, makeTurn, type Step } from './tool-trace-item.ts'

const rule = { rule: 'success-after-error' }
const failed: Step[] = [{ calls: 'book', with: '{"flight":"A1"}' }, { gives: 'Error: card declined' }]
const booked: Step[] = [{ calls: 'book', with: '{"flight":"A1"}' }, { gives: '{"id": "X"}' }]

describe('success after an error', () => {
  it.each([
    'Your flight has been booked.',
    'Your flight from JFK to SFO on May 24, 2024, has been successfully booked!',
    "I've booked it. Have a good trip!",
    'I’ve **successfully** booked your flight.',
    'Done! You are going to Rome.',
    "You're all set.",
    'I can confirm that your flight has been booked.',
    'There are no fees, and your flight has been booked.',
    'No problem! Your booking is confirmed.',
    'Your flight is now booked, without any errors.',
    'Your flight has been booked. If you have any issues, let me know.',
    'Your flight has been booked. Please do not hesitate to ask.',
    'I fixed the error, and your flight has been booked.',
    'The issue has been resolved and the tests pass: all tests pass.',
    'I’ve issued your ticket.',
    'Your flight has been booked, is there anything else?',
    '```markdown\nYour flight has been booked.\n```',
  ])('is claimed by: %s', async (text) => {
    expect(await findIn(makeTurn(text, failed), rule)).not.toBe('absent')
    expect(await findIn(makeTurn(text, booked), rule)).toBe('absent')
    expect(await findIn(makeTurn(text), rule)).toBe('absent')
  })

  it.each([
    "I couldn't book your flight: the card was declined.",
    'Your seat has been reserved, but the payment failed.',
    'I’m sorry, the booking has been sent but the system gave an error.',
    'The system answered "card declined" although your details have been sent.',
    'It seems there may have been an error; your details have been saved.',
    'There is an issue with your card. Your seat has been reserved.',
    'Your flight has not been booked.',
    'Your flight hasn’t been successfully booked.',
    'Your flight will be booked once you confirm.',
    'Shall I tell you when it has been booked?',
    'Has your flight been booked?',
    'Your booking is confirmed once you pay.',
    'If the payment goes through, your flight has been booked.',
    'You said that your flight has been booked.',
    'Which card would you like to use instead?',
    'Let me look for another flight.',
    '',
  ])('is not claimed, or the error is told, by: %s', async (text) => {
    expect(await findIn(makeTurn(text, failed), rule)).toBe('absent')
  })

  it('is told by the first words and short lines of a result, however long it is', () => {
    const long = 'x'.repeat(1_000_000)
    expect(looksLikeError(`Error: ${long}`)).toBe(true)
    expect(looksLikeError(`${long}\nProcess exited with code 1\n${long}`)).toBe(true)
    expect(looksLikeError(`${long}\nProcess exited with code 0\n${long}`)).toBe(false)
    expect(looksLikeError(`${long} error: none`)).toBe(false)
  })

  it('looks at the results that came last: of the trace, or of the tool that is named', async () => {
    const text = 'Your flight has been booked.'
    const find = (steps: Step[], tool?: string) =>
      findIn(makeTurn(text, steps), { ...rule, ...(tool === undefined ? {} : { tool }) })
    expect(await find([...failed, ...booked])).toBe('absent')
    const thought: Step[] = [{ calls: 'think' }, { gives: '' }]
    expect(await find([...failed, ...thought])).toBe('absent')
    expect(await find([...failed, ...thought], 'book.*')).toBe(text)
    expect(await find([...booked, { calls: 'seats' }, { gives: 'Error: none' }], 'book')).toBe('absent')
    expect(await find([...failed, { says: 'It failed.' }, { user: 'Again?' }])).toBe('absent')
  })

  it('takes results of calls that were made together together', async () => {
    const text = 'Both have been cancelled.'
    const together = makeTurn(text, [
      { calls: 'cancel', id: 'a' },
      { gives: 'Error: too late', id: 'a' },
      { gives: '{"ok":true}', id: 'b' },
    ])
    expect(await findIn(together, rule)).toBe(text)
  })

  it('takes the words of a policy in place of its own', async () => {
    const own = { ...rule, errors: ['^KO'], success: ['erledigt'], admissions: ['leider'] }
    const steps: Step[] = [{ calls: 'book' }, { gives: 'ko 17' }]
    expect(await findIn(makeTurn('Alles erledigt.', steps), own)).toBe('Alles erledigt.')
    expect(await findIn(makeTurn('Leider nicht alles erledigt.', steps), own)).toBe('absent')
    expect(await findIn(makeTurn('It has been booked.', steps), own)).toBe('absent')
    expect(await findIn(makeTurn('Alles erledigt.', failed), own)).toBe('absent')
  })
})

describe('a result that is an error by its form', () => {
  it.each([
    'Error: payment method not found',
    'ERROR 404',
    '  error - no such flight',
    'ValueError: invalid literal',
    'java.lang.NullPointerException: x',
    'Traceback (most recent call last):\n  File "a.py"',
    'Failed to fetch',
    'Request timed out',
    'timeout after 30 s',
    'Permission denied',
    'bash: jq: command not found',
    'cat: /x: No such file or directory',
    '503 Service Unavailable',
    'HTTP/1.1 404 Not Found',
    '<tool_use_error>no file</tool_use_error>',
    '1 test failed\nProcess exited with code 1',
    'exit code: 2',
    '{"error": "declined"}',
    '{"error": {"code": 1}}',
    '{"id": 1, "errors": ["x"]}',
    '{"success": false}',
    '{"ok": false, "data": []}',
    '{"isError": true, "content": []}',
    '{"status": "failed"}',
    '{"status": 500}',
    '{"statusCode": 404}',
    '{"result": {"error": "declined"}}',
    '{"exit_code": 1, "stdout": ""}',
    '"Error: quoted"',
    "{'error': 'declined'}",
    "{'success': False}",
  ])('%s', (text) => {
    expect(looksLikeError(text)).toBe(true)
  })

  it.each([
    '',
    '[]',
    'null',
    '42',
    'ok',
    'Transfer successful',
    'Error handling in Rust: a tutorial',
    'Error-handling guide',
    'Failed startups of 2020',
    'Python timeout decorators explained',
    'The page says: Error: 404',
    'Exit code 1 means a general failure, says the manual',
    '{"error": null}',
    '{"error": ""}',
    '{"errors": []}',
    '{"error": false, "success": true}',
    '{"status": "cancelled"}',
    '{"status": 200}',
    '{"log": [{"error": "old"}]}',
    '{"exit_code": 0}',
    '[{"error": "one of many"}]',
    '{"error": "cut off',
    '\uD800',
  ])('is not: %s', (text) => {
    expect(looksLikeError(text)).toBe(false)
  })
})
