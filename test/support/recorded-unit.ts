import type { RecordedUnit } from '../../src/record/schema.ts'

/** A measured unit whose completion and label are ordinary, with the given parts. */
export function makeRecordedUnit(parts: Partial<RecordedUnit> = {}): RecordedUnit {
  return {
    turn: 'c#1',
    arm: 'candidate',
    completion: {
      kind: 'completed',
      model: 'ckpt-2',
      finishReason: 'stop',
      systemFingerprint: null,
      usage: { promptTokens: 10, completionTokens: 5 },
      characters: 5,
      refused: false,
      toolCalls: 0,
      content: null,
    },
    labels: { rude: { kind: 'absent' } },
    trails: {},
    prescreens: [],
    uses: [
      {
        endpoint: 'judge',
        model: 'judge-1',
        answeredAs: { 'judge-1': 1 },
        usage: { promptTokens: 7, completionTokens: 3 },
      },
    ],
    ...parts,
  }
}
