import { type ControlTally, controlAlpha } from '../estimate/controls.ts'
import type { GraderDoubt } from '../estimate/grader-doubts.ts'
import type { CalibrationStanding } from '../estimate/settle.ts'
import type { DecidedCategory } from './decided-category.ts'
import { countThings, formatP, joinWords } from './format.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

const shownItems = 5

/** The doubt that decided a category whose graders are not what they were; `null` for another reason. */
function findDeciding({ estimate, verdict }: DecidedCategory): GraderDoubt | null {
  const pick = (...kinds: GraderDoubt['kind'][]) =>
    estimate.doubts.find(({ kind }) => kinds.includes(kind)) ?? null
  switch (verdict.reason) {
    case 'judge-changed':
      return pick('model-changed') ?? pick('own-judge')
    case 'control-failed':
      return pick('control-failed') ?? pick('other-control-failed')
    case 'calibration':
      return pick('blind') ?? pick('calibration')
    default:
      return null
  }
}

/** In a few words, for a table. */
export function phraseDoubt(decided: DecidedCategory): string {
  const doubt = findDeciding(decided)
  switch (doubt?.kind) {
    case 'model-changed':
      return 'its judge answered under several names'
    case 'own-judge':
      return 'a checkpoint under test answered as its judge'
    case 'blind':
      return 'its calibration shows that its graders miss most'
    case 'control-failed':
      return 'its controls failed'
    case 'other-control-failed':
      return `the controls of ${joinWords(doubt.categories)} failed`
    default:
      return doubt === null ? 'its graders are not what they were' : phraseStanding(doubt.standing)
  }
}

/** What was found, as a sentence. */
export function sayDoubt(decided: DecidedCategory): Text {
  const { estimate } = decided
  const id = verbatim(decided.verdict.id)
  const doubt = findDeciding(decided)
  switch (doubt?.kind) {
    case 'model-changed': {
      const names = doubt.answeredAs.slice(0, shownItems).map((name) => say`${verbatim(name)}`)
      return say`${id}: ${nameModel(doubt.model)} answered under ${countThings(doubt.answeredAs.length, 'name', 'names')} (${joinTexts(names, ', ')}), so that its labels are of different judges.`
    }
    case 'own-judge':
      return say`${id}: the judge ${verbatim(doubt.model)} answered as ${verbatim(doubt.checkpoint)}, which is a checkpoint under test: a model can't judge itself.`
    case 'blind': {
      const { truePositives, positives } = doubt.calibration
      return say`${id}: would pass as labelled, but its calibration shows that its graders miss more than half of what there is (${truePositives} of ${positives} positives found), so that finding no difference says little.`
    }
    case 'control-failed':
      return say`${id}: its graders failed their controls. ${describeControls(estimate.controls)}`
    case 'other-control-failed':
      return say`${id}: would pass, but the same run's controls of ${joinTexts(
        doubt.categories.map((category) => say`${verbatim(category)}`),
        ', ',
      )} failed, so that its judges are not what they were.`
    default:
      return say`${id}: would pass as labelled, but ${doubt === null ? 'its graders can’t be relied on' : phraseStanding(doubt.standing)}.`
  }
}

// What is asked without a model's name answers under one all the same.
function nameModel(model: string): Text {
  return model === '' ? say`its grader` : say`the judge ${verbatim(model)}`
}

/** What would decide it. */
export function sayDoubtAction(decided: DecidedCategory): Text {
  switch (decided.verdict.reason) {
    case 'judge-changed':
      return say`Pin the judge to one version (a dated model id), then run again.`
    case 'control-failed':
      if (isOutage(decided.estimate.controls))
        return say`Check the judge's endpoint, then run again: the controls without a label are asked once more.`
      return say`Find out what changed at the judge's endpoint; if it is the judge, calibrate again with ${verbatim('checkpoint-gate calibrate')}, then rerun.`
    case 'calibration':
      if (findDeciding(decided)?.kind === 'blind')
        return say`Mend the rubric or take a judge that finds more, and calibrate again.`
      return sayCalibrate()
    default:
      return sayCalibrate()
  }
}

function sayCalibrate(): Text {
  return say`Run ${verbatim('checkpoint-gate calibrate')} with the graders of this policy, and commit the record.`
}

/** Whether more known items got no label than got a wrong one. */
function isOutage(controls: DecidedCategory['estimate']['controls']): boolean {
  if (controls === null) return false
  const { positives, negatives } = controls
  const missed = positives.planned - positives.flagged - positives.unlabelled
  return positives.unlabelled + negatives.unlabelled > missed + negatives.flagged
}

function describeControls(controls: DecidedCategory['estimate']['controls']): Text {
  if (controls === null) return []
  const { positives, negatives } = controls
  return joinTexts([
    positives.failed ? say`${describeTally(positives, 'known positives were found')}` : [],
    negatives.failed ? say`${describeTally(negatives, 'known negatives were flagged')}` : [],
  ])
}

function describeTally(tally: ControlTally, what: string): Text {
  const { flagged, planned, unlabelled, p } = tally
  const lost = unlabelled === 0 ? '' : `, ${formatCount(unlabelled)} got no label`
  return say`${flagged} of ${planned} ${what}${lost} (${formatP(p)})${listWrong(tally)}.`
}

function listWrong({ wrong }: ControlTally): Text {
  if (wrong.length === 0) return []
  const shown = wrong.slice(0, shownItems).map((item) => say`${verbatim(item)}`)
  const more = wrong.length - shown.length
  return say`: ${joinTexts([...shown, more > 0 ? say`${more} more` : []], ', ')}`
}

/** What a calibration's standing is, in words. */
export function phraseStanding(standing: CalibrationStanding): string {
  switch (standing.kind) {
    case 'none':
      return 'policy requires a calibration, and it has none'
    case 'stale':
      return standing.why === 'graders'
        ? 'its calibration is stale: the graders have changed since'
        : 'its calibration is stale: the judge answers under another name since'
    case 'short':
      return {
        unbound: 'its calibration says of no graders that it was made with them',
        sensitivity: 'its calibration shows too little of what its graders find',
        'false-positives': 'its calibration shows too many false alarms',
        age: 'its calibration is too old, has no date, or one that is still to come',
      }[standing.why]
    case 'holds':
      return 'its calibration holds'
  }
}

/** How often the controls of a run fail although nothing has changed, in words. */
export const controlErrorRate = `${controlAlpha * 100} %`
