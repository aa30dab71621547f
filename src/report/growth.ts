import { wantedPositives } from './calibration.ts'
import { countThings, joinWords } from './format.ts'
import { formatCount, formatPlain, joinTexts, say, type Text, verbatim } from './text.ts'
import { wrapLine } from './wrap.ts'

/** What became of the turns of a run that were to be added to a labelled set. */
export interface GrowthReport {
  /** How many turns were looked at. */
  looked: number
  /** New items. */
  added: { present: number; absent: number }
  /** Items that were there and have a label in this category now. */
  extended: number
  /** Items that were there with this label. */
  known: number
  /** Turns that are left out, by the reason. */
  leftOut: ReadonlyMap<string, number>
  /** New items of conversations that expire: the set keeps them. */
  expiring: number
  /** What the set has in the category now, without confirmed flags. */
  total: { positives: number; negatives: number }
}

/** What was added to a labelled set, as plain text. */
export function renderGrowth(request: { growth: GrowthReport; file: string; category: string }): string {
  const { growth, file, category } = request
  const { added, extended, known, leftOut, looked, expiring, total } = growth
  const count = added.present + added.absent
  const left = [...leftOut].map(([reason, turns]) => `${formatCount(turns)} ${reason}`)
  const texts: Text[] = [
    joinTexts([
      say`${countThings(count, 'item', 'items')} added to ${verbatim(file)} from the first ${countThings(looked, 'turn', 'turns')} of the run: ${added.absent} absent, ${added.present} present.`,
      extended === 0
        ? []
        : say`${countThings(extended, 'item', 'items')} of it ${extended === 1 ? 'has' : 'have'} a label in ${verbatim(category)} now.`,
      known === 0 ? [] : say`${formatCount(known)} ${known === 1 ? 'was' : 'were'} there already.`,
      left.length === 0 ? [] : say`Left out: ${joinWords(left)}.`,
    ]),
    ...(added.present === 0
      ? []
      : [
          say`A confirmed flag is known because it was flagged (${verbatim('chosen: flagged')}): it serves as a control, and says nothing about how much graders find.`,
        ]),
    ...(expiring === 0
      ? []
      : [
          say`${countThings(expiring, 'item is', 'items are')} of conversations that expire: remove them from the set when they do.`,
        ]),
    say`For ${verbatim(category)} it has ${countThings(total.positives, 'positive', 'positives')} and ${countThings(total.negatives, 'negative', 'negatives')} that say how often graders err.${total.positives < wantedPositives ? ` A limit takes about ${wantedPositives} positives: write them (docs/graders.md).` : ''}`,
  ]
  return texts.flatMap((text) => wrapLine(formatPlain(text))).join('\n')
}
