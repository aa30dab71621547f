/** One thing that somebody may try, and the tests that show what becomes of it: a file of `test/e2e/` and a title in it. */
export type Case = {
  heading: Heading
  tried: string
  shownBy: readonly (readonly [file: string, title: string])[]
}

export const headings = ['Policy', 'Bad input', 'Secrets and network', 'Rendering'] as const
export type Heading = (typeof headings)[number]

type Row = readonly [tried: string, ...shownBy: Case['shownBy']]

const own = {
  policy: 'hostile/policy.test.ts',
  input: 'hostile/bad-input.test.ts',
  secrets: 'hostile/secrets-and-network.test.ts',
  workspace: 'hostile/workspace.test.ts',
  rendering: 'hostile/rendering.test.ts',
}
const everywhere = [own.rendering, 'is inert wherever a run shows it'] as const
const inNames = [
  own.rendering,
  'is inert in names: of keys, of files, and of what a pull request edits',
] as const
const inErrors = [own.rendering, 'is inert where it is why there is no verdict'] as const

const rows: Record<Heading, readonly Row[]> = {
  Policy: [
    [
      'a pull request loosens a limit',
      ['policy.test.ts', 'is judged by the limit of the base where it loosens it'],
    ],
    [
      'a pull request tightens a limit',
      ['policy.test.ts', 'is judged by its own limit where it tightens it'],
    ],
    [
      'a pull request removes a category, or all',
      ['policy.test.ts', 'is judged in a category that it removes'],
      [own.policy, 'passes nothing in a pull request that removes every category'],
    ],
    ['a pull request weakens a rubric', ['policy.test.ts', 'is judged by the rubric of the base']],
    [
      'a pull request names another seed or sample',
      ['policy.test.ts', 'is asked the turns of the base, whatever sample and seed it names'],
    ],
    [
      'a pull request edits what runs the gate',
      ['policy.test.ts', 'is invalid with another checkpoint, asks no endpoint and says what to do'],
    ],
    [
      'a registration is added after results',
      [
        'history.test.ts',
        'first added after results of the same candidate is on time only where no request was made',
      ],
      ['history.test.ts', 'that is edited after results is red, also when it was force-pushed'],
    ],
    [
      'a force-push hides that',
      ['history.test.ts', 'that was force-pushed away and back is red, and the reason is said'],
    ],
    [
      'a registration is amended on the base, with a reason',
      ['history.test.ts', 'may be amended on the base with a reason, and the trail is shown'],
    ],
    [
      'a new plan clears a FAIL',
      ['history.test.ts', 'stays red under a plan that was made easier, and says what differs'],
    ],
    ['a corpus is altered, its manifest not', [own.policy, 'is not asked where its manifest is the old one']],
    ['a corpus is put in another order', [own.policy, 'in another order is asked the same turns']],
    [
      'there is no registration, no category, nothing to ask',
      [own.policy, 'passes nothing: no categories, no policy, no predictions'],
      [own.policy, 'without a turn to ask passes nothing: empty, or expired'],
    ],
    [
      'a fork',
      ['action.test.ts', 'never passes a fork without secrets: red, with instructions in the summary'],
    ],
    ['a pull request of a bot', [own.policy, 'of a bot is red, and told what to set']],
    [
      'a secret is missing',
      [own.policy, 'is red too where addresses are secrets, of this repository and of a fork'],
    ],
    ['the merge queue', ['action.test.ts', 'judges a merge group']],
    ['a document that takes forever to read', [own.policy, 'is written so that it is read in no time']],
  ],
  'Bad input': [
    [
      'no token, or one that may read nothing',
      [own.input, 'is red without a token, and with one that GitHub does not take or that may read nothing'],
    ],
    [
      'a token without `actions: read`',
      [
        'history.test.ts',
        'without `actions: read` ends the run before anything is asked, unless it is optional',
      ],
    ],
    [
      'artifacts that can’t be kept',
      ['history.test.ts', 'with the artifact service down nothing passes, unless it is optional'],
    ],
    ['a first commit', [own.input, 'with one commit has nothing to compare with']],
    ['a clone without history', [own.input, 'says of a clone without history that its base is not there']],
    ['a registration that is renamed', [own.input, 'and one that is renamed stays what it was']],
    ['two registrations of one candidate', [own.input, 'with two registrations of one candidate has none']],
    [
      'a candidate id with odd characters',
      [own.input, 'is 1 to 256 printable characters, and nothing else'],
      [own.input, 'of any such characters is an id like any other'],
      ['history.test.ts', 'names the artifacts of a candidate with an odd id by its hash alone'],
    ],
  ],
  'Secrets and network': [
    [
      'a pull request sets an address',
      [own.secrets, 'in its registration gets an error, and no key is sent'],
      [own.secrets, 'in its policy and beside its checkpoint is judged as if it had not'],
      [own.secrets, 'in a policy of the base gets an error too'],
    ],
    [
      'an address with a user name, in another alphabet, in decimal or octal, of a metadata service',
      [own.secrets, 'that hides where it leads is refused before anything is asked, and not repeated'],
    ],
    [
      'an endpoint repeats a key, in an answer, an error or a header',
      [own.secrets, 'is seen by its own endpoint alone, whatever the endpoints do with it'],
      [
        'secrets.test.ts',
        'reaches its own endpoint and nothing else, also when the endpoint echoes it everywhere',
      ],
    ],
    ['an endpoint redirects', [own.secrets, 'goes nowhere by a redirect']],
    ['a key that can’t be sent', [own.secrets, 'is not repeated where it can’t be sent']],
    [
      '`.env`, `.npmrc`, `NODE_OPTIONS`, proxies and packages in the repository',
      [own.workspace, 'change nothing of how the gate runs, also where it is started from there'],
    ],
    [
      'proxies and other services in the environment',
      [own.secrets, 'may name proxies and other services: endpoints are asked where the workflow says'],
    ],
    [
      'a journal or readings of flags in the repository',
      [own.workspace, 'are no measurements, no readings of flags, and no way to other files'],
    ],
    [
      'a link or a path that leads out',
      [own.workspace, 'that are links out of their folder are refused, and nothing of them is shown'],
      [own.workspace, 'do not lead out'],
      [own.workspace, 'are read in the repository: a rubric that is a link there is none'],
      [own.input, 'follows no link from a rubric out of its folder'],
    ],
    ['the search itself', [own.secrets, 'is found wherever it is by the search that finds it nowhere']],
  ],
  Rendering: [
    ['mentions and references', everywhere, inErrors],
    ['image beacons and reference links', everywhere, inErrors],
    ['tags, scripts, ends of a page', everywhere, inErrors],
    ['5,000 backticks', everywhere, inErrors],
    ['terminal escapes, NUL, lone surrogates, text from right to left', everywhere, inErrors],
    ['`|` and line ends in names', everywhere, inNames],
    ['workflow commands', everywhere, inErrors, inNames],
    ['formulas in a spreadsheet', everywhere],
    ['a report that loads or runs anything', everywhere],
    ['a comment or a summary that is too long', everywhere],
    ['names of keys and files', inNames],
    ['a plan', [own.rendering, 'is inert in a plan']],
    ['a registration under review', [own.rendering, 'is inert in what a registration commits to']],
    ['a diagnosis', [own.rendering, 'is inert in a diagnosis, and in what is published again with it']],
    ['an error of GitHub', [own.rendering, 'is inert where GitHub itself repeats it']],
  ],
}

/** Every case that the packaged action is tried with. */
export const cases: readonly Case[] = headings.flatMap((heading) =>
  rows[heading].map(([tried, ...shownBy]) => ({ heading, tried, shownBy })),
)
