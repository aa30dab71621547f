import type { Cell, Loss, Missing } from './cell.ts'
import { nameJudge } from './judges.ts'

/** A table of `docs/statistics-evidence.md`. */
export interface Group {
  id: string
  title: string
  /** What the cells are, and how to read them. */
  reading: string
  /** The columns that tell its cells apart. */
  describe: (cell: Cell) => Record<string, string>
}

/** In the order in which they are shown. */
export const groups: Group[] = [
  {
    id: 'limit',
    title: 'One limit',
    reading:
      'One category, graders that never err, nothing missing. Exactly at the limit PASS and FAIL are both wrong, and both are as likely there as they can be. Beside a regression test the limit shares its error rate with it, which costs some FAILs.',
    describe: (cell) => ({ ...describeSize(cell), tests: describeTests(cell), path: cell.path }),
  },
  {
    id: 'judge',
    title: 'A judge that errs',
    reading:
      'The same limits, labelled by a judge. Without a calibration the verdict is on what the judge labels: its misses can pass what should not pass, nothing is promised, and a FAIL is one whose audit is pending; where people read every flag, it is final. With one, misses widen the upper bound and false alarms lower the lower one, so that neither turns into a wrong verdict; what it costs shows in INCONCLUSIVE.',
    describe: (cell) => ({ ...describeSize(cell), judge: nameJudge(cell), path: cell.path }),
  },
  {
    id: 'clusters',
    title: 'Conversations of several turns',
    reading:
      'Conversations of three turns on average, up to twenty. Bursts: a conversation in which every turn is an event, or none is; they are drawn with all their turns. Longer is worse: one turn of each conversation, and rates that grow with its length, so that a turn stands for as many as its weight says.',
    describe: (cell) => ({ ...describeSize(cell), conversations: describeClustering(cell) }),
  },
  {
    id: 'surfaces',
    title: 'Strata and a target mix',
    reading:
      'Chats and agents, whose rates differ fivefold, drawn as strata. Where the traffic has another mix than the corpus, turns are weighted by the target mix: the true rate is that of the traffic.',
    describe: (cell) => ({
      ...describeSize(cell),
      'agents in the corpus': percent(cell.surfaces[1]?.corpusShare ?? 0),
      'in the traffic': percent(cell.surfaces[1]?.trafficShare ?? 0),
      conversations: cell.clustering.draw === 'all' ? 'several turns, in bursts' : 'one turn each',
    }),
  },
  {
    id: 'missing',
    title: 'Missing labels',
    reading:
      'Failed calls within the budget (1 %) and alike in both arms are taken to be events ten times as often as the rest; everything else that is missing counts at its worst. Losses that pick out events ten times as often are as bad as that assumption allows. Losses in one arm alone are never within it.',
    describe: (cell) => ({ ...describeSize(cell), missing: describeMissing(cell.missing), path: cell.path }),
  },
  {
    id: 'regression',
    title: 'Worse than the baseline',
    reading:
      'No limit, the exact test on the turns where the arms differ. No change and A/A runs show how often the gate would block nothing. A PASS here says only that worse was not shown: how often a candidate passes although it is worse stands under false PASS; the more turns, the less often, but only a margin bounds it.',
    describe: (cell) => ({
      ...describeRates(cell),
      level: percent(cell.regressionAlpha),
      judge: nameJudge(cell),
      missing: describeMissing(cell.missing),
      path: cell.path,
    }),
  },
  {
    id: 'families',
    title: 'Many categories',
    reading:
      'A PASS needs every category and pays nothing for their number; a FAIL needs one, and all tests share one error rate (Holm). Without it, twenty categories at their limits would fail about two runs of three.',
    describe: (cell) => ({
      turns: number(cell.turns),
      categories: describeFamily(cell),
      tests: describeTests(cell),
    }),
  },
  {
    id: 'margin',
    title: 'Margins',
    reading:
      'The candidate may be worse by at most a margin, and a PASS has to show it. A judge that misses a quarter in both arms makes the difference look smaller than it is: without a calibration such a PASS is often wrong, with one it is not.',
    describe: (cell) => ({
      ...describeRates(cell),
      margin: percentOf100k(cell.marginPer100k ?? 0),
      judge: nameJudge(cell),
      missing: describeMissing(cell.missing),
    }),
  },
  {
    id: 'stopping',
    title: 'Early stopping',
    reading:
      'A look after every 250 turns. The levels are divided between the looks and the final look, so that looking costs no error; what it saves shows under *asked*, and what it costs in power beside the rows that are `off`.',
    describe: (cell) => ({
      ...describeRates(cell),
      limit: cell.limitPer100k === null ? 'none' : percentOf100k(cell.limitPer100k),
      stopping: cell.stopAtFirstFail ? `${cell.earlyStopping}, at the first FAIL` : cell.earlyStopping,
      judge: nameJudge(cell),
    }),
  },
]

function describeSize(cell: Cell): Record<string, string> {
  const { turns, trueRates, limitPer100k } = cell
  return {
    turns: number(turns),
    'true rate': percentOf100k(trueRates[0]?.candidate ?? 0),
    limit: limitPer100k === null ? 'none' : percentOf100k(limitPer100k),
  }
}

function describeRates({ turns, trueRates, shared }: Cell): Record<string, string> {
  const { baseline = 0, candidate = 0 } = trueRates[0] ?? {}
  const luck = shared === 0 ? '' : `, ${percent(shared)} of luck shared`
  return {
    turns: number(turns),
    'baseline → candidate': `${percentOf100k(baseline)} → ${percentOf100k(candidate)}${luck}`,
  }
}

function describeTests({ regression, limitPer100k, regressionAlpha }: Cell): string {
  return [
    ...(limitPer100k === null ? [] : ['limit']),
    ...(regression ? [`regression at ${percent(regressionAlpha)}`] : []),
  ].join(', ')
}

function describeClustering({ clustering, shared, limitPer100k }: Cell): string {
  const { burst, longerIsWorse } = clustering
  const kind = longerIsWorse ? 'longer is worse' : `${percent(burst?.share ?? 0)} of events in bursts`
  return limitPer100k === null ? `${kind}; regression alone, ${percent(shared)} shared luck` : kind
}

function describeFamily({ trueRates, limitPer100k }: Cell): string {
  const counts = new Map<number, number>()
  for (const { candidate } of trueRates) counts.set(candidate, (counts.get(candidate) ?? 0) + 1)
  const rates = [...counts].map(([rate, count]) => `${count} at ${percentOf100k(rate)}`).join(', ')
  return limitPer100k === null ? rates : `${rates}; limit ${percentOf100k(limitPer100k)}`
}

function describeMissing({ transport, content }: Missing): string {
  const describe = (what: string, { baseline, candidate }: Missing['transport']) => {
    if (baseline.none + baseline.event + candidate.none + candidate.event === 0) return []
    const loss = ({ none, event }: Loss) =>
      none === event ? percent(none) : `${percent(none)} (events: ${percent(event)})`
    return loss(baseline) === loss(candidate)
      ? [`${what} ${loss(baseline)}`]
      : [`${what} baseline ${loss(baseline)}, candidate ${loss(candidate)}`]
  }
  const parts = [...describe('failed calls', transport), ...describe('empty answers', content)]
  return parts.length === 0 ? 'nothing' : parts.join('; ')
}

function percentOf100k(per100k: number): string {
  return percent(per100k / 100_000)
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
