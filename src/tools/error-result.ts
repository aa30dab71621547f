import { RE2JS } from 're2js'
import { readJson } from './read-json.ts'

const beginnings = [
  String.raw`(?:(?:fatal|internal|unknown|http|server|api|tool) )?errors?(?:\s*(?:[:!.>\d\]]|$)|\s+(?:[–—-]|(?:code|occurred|while)\b))`,
  String.raw`[\w.]*(?:error|exception)\b\s*[:(>]`,
  String.raw`traceback \(most recent call last\)`,
  String.raw`(?:\w+ )?failed\s*(?:[:.!]|$|to\b|with\b)|failure\s*(?:[:.!]|$)`,
  String.raw`(?:(?:request|connection|operation|read|gateway|command|query|execution|tool|call|api|server) )?(?:timed out|time-?out)\s*(?:[:.!(]|$|after\b|while\b)`,
  String.raw`(?:permission|access) denied|(?:unauthori[sz]ed|forbidden|not found)\s*(?:[:.!]|$)`,
  String.raw`[\w./-]+: (?:[^:\n]{1,80}: )?(?:command not found|no such file|permission denied)`,
  String.raw`http(?:/[\d.]+)? [45]\d\d\b|[45]\d\d:? (?:bad request|unauthori[sz]ed|forbidden|not found|conflict|too many|internal server|service un|gateway)`,
  String.raw`\{\s*'(?:error|exception)'\s*:\s*(?:'[^']|"[^"]|[{[]\s*['"\w])|\{\s*'(?:success|ok)'\s*:\s*false`,
]
// At the start of a result: further down, a word such as "error" is as likely to be what was asked for.
const opening = RE2JS.compile(`^[\\s"'\\[(<]*(?:${beginnings.join('|')})`, RE2JS.CASE_INSENSITIVE)
const exitCode = RE2JS.compile(
  String.raw`^\W{0,3}(?:(?:process|command|program|script) )?(?:exit(?:ed)?(?: with)?|return(?:ed)?)(?: exit)? (?:code|status)\s*[:=]?\s*-?[1-9]\d*\W{0,2}$`,
  RE2JS.CASE_INSENSITIVE,
)
// Results may have megabytes: what an error begins with, and a line with an exit code, is far shorter than these.
const longestOpening = 2_000
const longestExitLine = 200
const opens = (text: string) => opening.matcher(text.slice(0, longestOpening)).find()
const reportsExitCode = (line: string) =>
  line.length <= longestExitLine && /exit|return/i.test(line) && exitCode.matcher(line).find()
const wrappers = ['result', 'response', 'data', 'output', 'body']

/**
 * Whether a result is an error by its form. A JSON object is one by its own fields, or those of a `result`,
 * `response`, `data`, `output` or `body` in it: an `error` or `errors` that isn't empty, `success` or `ok` that is
 * false, `isError`, a `status` that names a failure or is 400 and more, an exit code. Other text is one by its
 * first words or by a line that reports an exit code.
 */
export function looksLikeError(text: string): boolean {
  const json = readJson(text)
  if (json.kind === 'other') return opens(text) || text.split('\n').some(reportsExitCode)
  const { value } = json
  if (typeof value === 'string') return opens(value)
  if (!isObject(value)) return false
  return isErrorObject(value) || wrappers.some((key) => isObject(value[key]) && isErrorObject(value[key]))
}

function isErrorObject(fields: Record<string, unknown>): boolean {
  return Object.entries(fields).some(([name, value]) => {
    switch (name.toLowerCase().replaceAll(/[^a-z]/g, '')) {
      case 'error':
      case 'errors':
      case 'errormessage':
      case 'exception':
        return isFilled(value)
      case 'success':
      case 'successful':
      case 'succeeded':
      case 'ok':
        return value === false || value === 'false'
      case 'iserror':
      case 'failed':
        return value === true || value === 'true'
      case 'exitcode':
      case 'returncode':
        return typeof value === 'number' && value !== 0
      case 'status':
      case 'statuscode':
      case 'state':
        return isFailedStatus(value)
      default:
        return false
    }
  })
}

function isFailedStatus(value: unknown): boolean {
  if (typeof value === 'number') return value >= 400 && value < 600
  return (
    typeof value === 'string' && /^(?:error|errored|fail(?:ed|ure)?|timed?[ _-]?out|[45]\d\d)$/i.test(value)
  )
}

function isFilled(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return (
    value !== null && value !== '' && value !== false && value !== 0 && value !== 'none' && value !== 'null'
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
