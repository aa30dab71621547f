import { describe, expect, it } from '@jest/globals'
import type { Refusal } from '../../src/history/settle.ts'
import { commentMarker } from '../../src/report/reporters/comment.ts'
import { renderRefused } from '../../src/report/reporters/message.ts'
import { makeAttempt, unended } from './past.ts'

const since = '2026-11-20T09:12:44Z'

function refuse(refusal: Refusal) {
  return renderRefused({
    refusal,
    candidate: 'ckpt-42',
    registration: { file: 'preregistration/ckpt-42.yml' },
    attempts: [],
    policyChanges: [],
  })
}

function refuseLock(cause: 'late' | 'edited' | 'moved' | 'unreadable', why = 'by GitHub') {
  return refuse({ reason: 'registration', lock: { kind: 'broken', since, cause, why } })
}

const amend =
  'it and say why in an amendment of preregistration/ckpt-42.yml, with its number, date and reason, merged to the base by itself, first. Every verdict then shows it.'
const newCandidate = 'Or register a mended checkpoint, under an id of its own.'

describe('a registration that does not count', () => {
  it('came after the first run', () => {
    const { headline, details } = refuseLock('late')
    expect(headline).toBe(
      "INVALID: the registration of ckpt-42 came after the candidate's first run of 2026-11-20 09:12 UTC, so that it could be written to fit the results. Nothing was measured.",
    )
    expect(details).toEqual([`What to do: keep ${amend}`, newCandidate])
  })

  it('was edited since', () => {
    const { headline, details } = refuseLock('edited')
    expect(headline).toContain('is not the one that the candidate was measured with (first run of 2026-11-20')
    expect(details).toEqual([
      `What to do: put preregistration/ckpt-42.yml back as it was, or keep ${amend}`,
      newCandidate,
    ])
  })

  it('was pushed away and came back, and says when', () => {
    const why = 'it was pushed away, at 2026-11-21T08:00:00Z (0123456789ab), and came back'
    const { headline, details } = refuseLock('moved', why)
    expect(headline).toContain('was pushed away since, and came back.')
    expect(details).toEqual([
      `What happened, by GitHub's times: ${why}.`,
      `What to do: keep ${amend}`,
      newCandidate,
    ])
  })

  it('has nothing to be compared with', () => {
    expect(refuseLock('unreadable').headline).toContain("which can't be read any more.")
  })

  it('is of another round', () => {
    const { headline, details } = refuse({ reason: 'round', registered: 1, wanted: 2 })
    expect(headline).toBe(
      'INVALID: ckpt-42 was measured on 1 earlier sample of turns, so that this is round 2; its registration says round 1. Nothing was measured.',
    )
    expect(details[0]).toContain('write round: 2 into preregistration/ckpt-42.yml, with an amendment')
    expect(refuse({ reason: 'round', registered: 1, wanted: 3 }).headline).toContain('2 earlier samples of')
  })

  it('is withdrawn', () => {
    const { headline, details } = refuse({ reason: 'withdrawn' })
    expect(headline).toContain('the registration of ckpt-42 is withdrawn (preregistration/ckpt-42.yml)')
    expect(details).toEqual([
      'What to do: leave the checkpoint as it is, or take withdrawn out of preregistration/ckpt-42.yml, on the base.',
    ])
  })

  it('is of a candidate that failed in a way that nobody can decide again', () => {
    const attempt = { run: { id: '101', attempt: 2 }, startedAt: since, began: null, ended: null, doubts: [] }
    const { headline, details } = refuse({ reason: 'failed-before', attempt })
    expect(headline).toContain("FAIL: ckpt-42 failed in run 101.2, and this version of the gate can't decide")
    expect(details[0]).toContain('with the version of the gate that measured it.')
  })

  it('is told of with the attempts so far and what else the change changes', () => {
    const { comment, summary, details } = renderRefused({
      refusal: { reason: 'withdrawn' },
      candidate: 'ckpt-42',
      registration: { file: 'preregistration/ckpt-42.yml' },
      attempts: [makeAttempt(), unended],
      policyChanges: [
        {
          kind: 'rewritten',
          what: 'prices',
          of: null,
          from: null,
          to: null,
          effect: 'other',
          applied: false,
        },
      ],
    })
    expect(details.slice(1)).toEqual([
      'Attempts so far: run 101 INCONCLUSIVE; run 102.2 did not end.',
      'Policy changed here: it applies after the merge.',
      'prices changed',
    ])
    expect(comment).toContain(`${commentMarker}\n\n**INVALID:** the registration of \`ckpt-42\` is withdrawn`)
    expect(summary).toContain('- Attempts so far: run 101 INCONCLUSIVE; run 102.2 did not end.\n')
  })
})
