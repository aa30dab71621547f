import { digestTools } from '../plan/tools.ts'
import { checkRealism } from '../policy/realism-policy.ts'
import { parseRealismResult } from '../policy/realism-result.ts'
import { collect, type LintRequest, type LintResult, report, type WrittenPolicy } from './result.ts'

/** Checks that the measurement of realism that the policy names is there and shows what is required, today. */
export async function lintRealism(parts: {
  request: LintRequest
  written: WrittenPolicy
  result: LintResult
}): Promise<void> {
  const { request, written, result } = parts
  const { realism: required, tools } = written.policy
  if (required === null || tools === null) return
  await collect(result, async () => {
    const file = required.result
    const text = await request.repository.read(request.sha, file)
    const measured = text === null ? null : parseRealismResult({ file, text })
    const check = checkRealism({
      required,
      result: measured,
      now: request.now,
      digests: digestTools(tools),
    })
    if (check.kind === 'ok') {
      result.checked.push(`realism ${file}`)
      return
    }
    report(result, {
      code: 'realism',
      message: `${file} does not show what the policy requires: ${check.detail}`,
      place: { source: written.source, path: ['realism', 'result'] },
      remedy:
        'measure it with `checkpoint-gate realism` on the pairs of a run with this policy, or require what it shows',
    })
  })
}
