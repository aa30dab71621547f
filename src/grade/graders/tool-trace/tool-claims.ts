import { RE2JS } from 're2js'

// The tenses of a finished action; "I'll search" and "I haven't searched" have another form.
const doer =
  "\\b(?:I|we)(?:'ve| have|'d| had)?(?: (?:also|already|just|now|then|first|quickly|carefully|actually|successfully|personally|even|not only|went ahead and))*"
const used =
  '(?:searched|ran|run|called|used|queried|checked|consulted|executed|invoked|accessed|opened|looked (?:(?:it|this|that|these|them) )?up|looked (?:in|into|through|at))'
const lookedAt =
  '(?:searched|queried|checked|consulted|retrieved|fetched|accessed|pulled up|looked (?:(?:it|this|that) )?up|looked (?:in|into|through|at))'

const looking = [
  'search',
  'get',
  'find',
  'lookup',
  'look',
  'fetch',
  'retrieve',
  'query',
  'check',
  'browse',
  'list',
]
// Acts outside the text. What a reply may itself hold, such as a draft or a sum, is no claim about a tool.
const acts: Record<string, string> = {
  send: 'sent',
  book: 'booked',
  cancel: 'cancell?ed',
  order: 'ordered',
  buy: 'bought',
  purchase: 'purchased',
  pay: 'paid',
  refund: 'refunded',
  charge: 'charged',
  delete: 'deleted',
  remove: 'removed',
  upload: 'uploaded',
  download: 'downloaded',
  submit: 'submitted',
  schedule: 'scheduled',
  deploy: 'deployed',
  run: '(?:ran|run)',
  execute: '(?:executed|ran|run)',
  transfer: 'transferred',
  post: 'posted',
  publish: 'published',
  issue: 'issued',
  reserve: 'reserved',
}
// Words that say how a tool is reached, not what it is about.
const fillers = ['tool', 'api', 'function', 'by', 'id', 'up', 'all']

/**
 * What claims that the tool of this name was used, for `web_search`: "I ran a web search", "I searched the web",
 * "based on my web search"; for `send_email` also "your email has been sent".
 */
export function guessClaims(tool: string): string[] {
  const words = splitName(tool)
  const name = joinWords(words)
  const single = words.length < 2
  const claims = single
    ? [
        String.raw`${doer} (?:ran|run|called|used|queried|executed|invoked|consulted) (?:(?:a|an|the|my|our|your) )?(?:\w+ )?"?${name}\b`,
        String.raw`\b(?:according to|based on|from) (?:my|our) (?:\w+ )?${name}\b`,
      ]
    : [
        String.raw`${doer} ${used}\b[^.!?\n]{0,60}?\b${name}s?\b`,
        String.raw`\b(?:according to|based on|from) (?:the |my |our |a )?(?:\w+ )?${name}\b`,
      ]
  return [...claims, ...guessFromVerb(words)]
}

function guessFromVerb(words: string[]): string[] {
  const verb = words.find((word) => looking.includes(word) || Object.hasOwn(acts, word))
  if (verb === undefined) return []
  const object = words.filter((word) => word !== verb && !fillers.includes(word))
  const act = acts[verb]
  if (object.length === 0) return verb === 'search' || verb === 'browse' ? [`${doer} ${verb}(?:e?d)\\b`] : []
  const thing = `${joinWords(object)}(?:s|es)?`
  const between = '[^.!?,;\\n]{0,40}?\\b'
  if (act === undefined)
    return [`${doer} ${verb === 'browse' ? 'browsed' : lookedAt}\\b${between}${thing}\\b`]
  return [
    `${doer} ${act}\\b${between}${thing}\\b`,
    `\\b${thing}${'[^.!?;\\n]{0,80}?'} (?:has|have) (?:\\w+ )?been (?:\\w+ )?${act}\\b`,
  ]
}

// `webSearch`, `web_search`, `web-search` and `mcp.web/search` are the same words.
function splitName(tool: string): string[] {
  return tool
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

function joinWords(words: string[]): string {
  return words.map((word) => RE2JS.quote(word)).join('[ _./:-]?')
}
