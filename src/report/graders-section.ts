import type { ControlEstimate, ControlTally } from '../estimate/controls.ts'
import type { CategoryEstimate } from '../estimate/estimate.ts'
import type { PrescreenTally } from '../estimate/grader-watch.ts'
import type { CalibrationStanding } from '../estimate/settle.ts'
import type { Prescreen } from '../grade/prescreen.ts'
import { findSharedFamilies, listJudges } from '../policy/model-family.ts'
import type { RecordSummary } from '../record/schema.ts'
import { countThings, formatP, formatShare } from './format.ts'
import { controlErrorRate, phraseStanding } from './grader-doubt.ts'
import { type Fact, formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

/** The known items of one kind that were mixed into a category's work, and what became of them. */
export interface ControlRow {
  category: string
  known: string
  flagged: string
  unlabelled: string
  p: string
  result: string
}

/** How far the graders are to be believed, in words; without any of it, nothing. */
export interface GradersView {
  facts: Fact[]
  controls: ControlRow[]
}

interface Graded {
  record: RecordSummary
  estimates: readonly CategoryEstimate[]
}

/** Under it, that the candidate was pre-screened more often than the baseline is no accident. */
const rarely = 0.01
/** So few flags that were graded twice say nothing about how many are repeated. */
const fewestFlags = 5

/** Calibrations, second gradings, split votes, pre-screens and controls of a run. */
export function buildGraders({ record, estimates }: Graded): GradersView {
  return {
    facts: [
      ...estimates.flatMap((estimate) => describeCalibration(record, estimate)),
      ...describeAgreement({ record, estimates }),
      ...estimates.flatMap(describeSplits),
      ...estimates.flatMap(describeTakenBack),
      ...describePrescreens(estimates),
      ...estimates.flatMap(describeOpinions),
      ...describeControlSet(record),
    ],
    controls: estimates.flatMap(({ category, controls }) =>
      controls === null ? [] : describeControls(category, controls),
    ),
  }
}

/** What speaks against believing labels that no control has failed. */
export function listGraderBanners({ record, estimates }: Graded): Text[] {
  return [
    ...sayChatty(estimates),
    ...sayTakenBack(estimates),
    ...sayUnsteady(estimates),
    ...saySharedFamilies(record),
  ]
}

function describeCalibration({ plan }: RecordSummary, estimate: CategoryEstimate): Fact[] {
  const { category, calibration, counts } = estimate
  if (calibration.kind === 'none') return []
  const standing = isSound(calibration) ? '' : `; ${phraseStanding(calibration)}`
  const found = counts === null ? say`not used` : describeCounts(counts)
  const planned = Object.hasOwn(plan.calibrations, category) ? plan.calibrations[category] : undefined
  const isBound = planned?.graders !== null || planned.labelledSetSha256 !== null
  const unbound = isBound ? '' : '; counts written by hand, bound to no graders'
  return [{ name: 'Calibration', value: say`${verbatim(category)}: ${found}${standing}${unbound}` }]
}

function isSound({ kind }: CalibrationStanding): boolean {
  return kind === 'holds'
}

function describeCounts(counts: NonNullable<CategoryEstimate['counts']>): Text {
  const { truePositives, positives, falsePositives, negatives } = counts
  return say`${truePositives} of ${positives} positives and ${falsePositives} of ${negatives} negatives flagged`
}

function describeAgreement({ record, estimates }: Graded): Fact[] {
  const share = record.plan.policy.judge?.secondGradingShare ?? 0
  const graded = estimates.filter(({ watch }) => watch.again.graded > 0)
  if (graded.length === 0 && share > 0 && record.graders.some(({ source }) => source.kind === 'recorded')) {
    return [{ name: 'Second grading', value: say`none, as a recording says the same each time` }]
  }
  return graded.map(({ category, watch }) => {
    const { graded: twice, same, flags, repeated } = watch.again
    const again =
      flags === 0
        ? say`no flag among them`
        : say`${repeated} of ${countThings(flags, 'flag', 'flags')} repeated`
    return {
      name: 'Second grading',
      value: say`${verbatim(category)}: ${same} of ${twice} labels the same (${formatShare(same, twice)}), ${again}`,
    }
  })
}

function describeSplits({ category, watch }: CategoryEstimate): Fact[] {
  if (watch.split === 0) return []
  const labels = countThings(watch.split, 'label', 'labels')
  return [
    { name: 'Split votes', value: say`${verbatim(category)}: the votes of ${labels} contradict each other` },
  ]
}

function describeTakenBack({ category, watch }: CategoryEstimate): Fact[] {
  const { baseline, candidate } = watch.takenBack
  if (baseline.flags + candidate.flags === 0) return []
  const of = ({ flags, cleared }: typeof candidate) => `${formatCount(cleared)} of ${formatCount(flags)}`
  return [
    {
      name: 'Taken back',
      value: say`${verbatim(category)}: of the first flags, the candidate's ${of(candidate)}, the baseline's ${of(baseline)}`,
    },
  ]
}

/** A confirmation that clears more of one arm decides the comparison: somebody has to read what it cleared. */
function sayTakenBack(estimates: readonly CategoryEstimate[]): Text[] {
  const uneven = estimates.filter(({ watch }) => watch.takenBack.pMore < rarely)
  if (uneven.length === 0) return []
  const named = uneven.map(({ category, watch }) => {
    const { baseline, candidate } = watch.takenBack
    return say`${verbatim(category)} ${formatCount(candidate.cleared)} of the candidate's first flags and ${formatCount(baseline.cleared)} of the baseline's`
  })
  return [
    say`A confirmation took back many more flags of the candidate than of the baseline: ${joinTexts(named, ', ')}. Read them (${verbatim('taken-back')} in ${verbatim('review.csv')}): the comparison rests on them.`,
  ]
}

function describePrescreens([first]: readonly CategoryEstimate[]): Fact[] {
  if (first === undefined) return []
  const { baseline, candidate } = first.watch.prescreens
  if (baseline.found + candidate.found === 0) return []
  return [
    {
      name: 'Pre-screened',
      value: say`candidate ${describeTally(candidate)}; baseline ${describeTally(baseline)}`,
    },
  ]
}

function describeOpinions({ category, watch }: CategoryEstimate): Fact[] {
  const { asked, flagged } = watch.secondOpinions
  if (asked === 0) return []
  const taken = `${formatCount(flagged)} of ${countThings(asked, 'second opinion', 'second opinions')}`
  return [
    { name: 'Second opinions', value: say`${verbatim(category)}: ${taken} found what the first had not` },
  ]
}

const phrases: Readonly<Record<Prescreen, string>> = {
  'no-words': 'no words',
  'opener-only': 'an opening without an answer',
  'addresses-grader': 'speaks to a grader',
  'states-a-verdict': 'states a verdict',
  'hidden-characters': 'hides text',
}

function describeTally(tally: PrescreenTally): string {
  const { found, completions } = tally
  const counts = `${formatCount(found)} of ${countThings(completions, 'completion', 'completions')}`
  return found === 0 ? counts : `${counts} (${listReasons(tally)})`
}

function listReasons({ reasons }: PrescreenTally): string {
  const counted = Object.entries(phrases).flatMap(([reason, phrase]) => {
    const count = reasons[reason as Prescreen] ?? 0
    return count === 0 ? [] : [`${phrase} ${formatCount(count)}`]
  })
  return counted.join(', ')
}

function describeControlSet({ plan }: RecordSummary): Fact[] {
  if (plan.controls === null) return []
  const value = say`known items of ${verbatim(plan.controls.file)}, mixed into the work; graders that have not changed fail them in at most ${controlErrorRate} of runs`
  return [{ name: 'Controls', value }]
}

function describeControls(category: string, controls: ControlEstimate): ControlRow[] {
  const describe = (tally: ControlTally, known: string): ControlRow[] => {
    if (tally.planned === 0) return []
    return [
      {
        category,
        known: `${formatCount(tally.planned)} ${known}`,
        flagged: formatCount(tally.flagged),
        unlabelled: formatCount(tally.unlabelled),
        p: formatP(tally.p),
        result: tally.failed ? 'FAILED' : tally.canFail ? 'as expected' : 'too few to fail',
      },
    ]
  }
  return [...describe(controls.positives, 'positives'), ...describe(controls.negatives, 'negatives')]
}

function sayChatty([first]: readonly CategoryEstimate[]): Text[] {
  if (first === undefined) return []
  const { baseline, candidate, pMore } = first.watch.prescreens
  if (pMore >= rarely) return []
  return [
    say`The candidate was pre-screened in ${describeTally(candidate)}, the baseline in ${formatCount(baseline.found)} of ${formatCount(baseline.completions)}. Read these completions: no label of theirs rests on one opinion of a judge, and two can be talked into something too.`,
  ]
}

function sayUnsteady(estimates: readonly CategoryEstimate[]): Text[] {
  const unsteady = estimates.filter(
    ({ watch }) => watch.again.flags >= fewestFlags && 2 * watch.again.repeated < watch.again.flags,
  )
  if (unsteady.length === 0) return []
  const named = unsteady.map(
    ({ category, watch }) => say`${verbatim(category)} ${watch.again.repeated} of ${watch.again.flags}`,
  )
  return [
    say`Graded a second time, under half of the flags were repeated: ${joinTexts(named, ', ')}. Such a judge is near to guessing: mend the rubric, or confirm its flags with several votes.`,
  ]
}

/** A judge of a checkpoint's family, by the ids that were asked for and those that answered. */
function saySharedFamilies({ plan, arms, graders }: RecordSummary): Text[] {
  const asked = listJudges(plan.policy.categories)
  const answered = graders
    .filter(({ model }) => asked.includes(model))
    .flatMap(({ answeredAs }) => Object.keys(answeredAs))
  const shared = findSharedFamilies({
    judges: [...asked, ...answered],
    checkpoints: [
      plan.candidate,
      ...Object.keys(arms.candidate.models),
      plan.baseline,
      ...Object.keys(arms.baseline.models),
    ],
  })
  return shared.map(
    ({ family, judge, checkpoint }) =>
      say`The judge ${verbatim(judge)} and the checkpoint ${verbatim(checkpoint)} are of one family (${family}): it may overlook what both get wrong, and like what it would have said itself. Take a judge of another family, or read its flags and calibrate with this family's completions.`,
  )
}
