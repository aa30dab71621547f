import { batchTurns } from '../estimate/looks.ts'
import type { RecordSummary } from '../record/schema.ts'
import { countThings, formatShare } from './format.ts'
import { type Fact, formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

const shownStrata = 20
/** Shares that differ by less are the same to a reader. */
const sameShare = 0.001

/** What was drawn, out of what, and what it is worth. */
export function listSampleFacts(record: RecordSummary): Fact[] {
  const { sample, plan, run } = record
  const { conversations, turnsEligible, strata } = sample
  const corpus = countThings(conversations, 'conversation', 'conversations')
  const smoke = run.tier === 'smoke' ? ' (smoke: the first ones of the draw)' : ''
  const several = plan.policy.sample.turnsPerConversation === 'all'
  const asked = countThings(sample.turnsAsked, 'turn', 'turns')
  return [
    { name: 'Turns drawn', value: say`${sample.turnsDrawn} of ${asked} asked for${smoke}` },
    {
      name: 'Turns of a conversation',
      value: several
        ? say`wherever they are: a conversation is a cluster`
        : say`at most one, weighted by how likely it was drawn`,
    },
    { name: 'Worth', value: describeWorth(sample) },
    { name: 'Corpus', value: say`${verbatim(plan.corpus.name)}` },
    {
      name: 'Conversations',
      value: say`${corpus} with ${countThings(turnsEligible, 'turn', 'turns')} to draw from`,
    },
    ...listLeftOut(sample),
    { name: 'Epoch', value: say`${verbatim(plan.policy.sample.epoch)}` },
    ...(strata.length === 0 ? [] : [{ name: 'Strata', value: describeStrata(sample) }]),
  ]
}

/** Conversations that may not be replayed. That some have expired is a matter of course; the others are said where there are any. */
function listLeftOut(sample: RecordSummary['sample']): Fact[] {
  const { conversationsExpired, conversationsErased, conversationsWithoutConsent } = sample
  const leftOut = (conversations: number) =>
    say`${countThings(conversations, 'conversation', 'conversations')} left out`
  return [
    { name: 'Expired', value: leftOut(conversationsExpired) },
    ...(conversationsErased === 0 ? [] : [{ name: 'Erased', value: leftOut(conversationsErased) }]),
    ...(conversationsWithoutConsent === 0
      ? []
      : [{ name: 'Without consent', value: leftOut(conversationsWithoutConsent) }]),
  ]
}

function describeWorth({
  effectiveTurns,
  effectiveConversations,
  designEffect,
}: RecordSummary['sample']): Text {
  const turns = countThings(Math.round(effectiveTurns), 'equally weighted turn', 'equally weighted turns')
  const conversations = countThings(
    Math.round(effectiveConversations),
    'equally heavy conversation',
    'equally heavy conversations',
  )
  return say`${turns}, ${conversations} (design effect ${String(Number(designEffect.toPrecision(3)))})`
}

function describeStrata({ strata }: RecordSummary['sample']): Text {
  const shown = strata.slice(0, shownStrata).map(({ name, drawn, share, weightShare }) => {
    const weight =
      Math.abs(weightShare - share) < sameShare ? '' : `, ${formatShare(weightShare, 1)} of the weight`
    return say`${verbatim(name)} ${drawn} drawn for ${formatShare(share, 1)} of the traffic${weight}`
  })
  const left = strata.length - shown.length
  return joinTexts([...shown, left === 0 ? [] : say`${left} more`], '; ')
}

/** Whether results could end the run, and why not. */
export function describeStopping({ plan, earlyStoppingOff }: RecordSummary): Text {
  if (earlyStoppingOff !== null) return say`off: ${earlyStoppingOff}`
  return say`${plan.policy.gate.earlyStopping}, with a look after every ${formatCount(batchTurns)} turns`
}
