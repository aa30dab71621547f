import { parseDocument } from 'yaml'
import { safeText } from '../safe-text.ts'
import type { Prediction, Registration } from './schema.ts'

/** What stands beside a registration for whoever reads it, a line each; no part of it. */
export interface RegistrationComments {
  head: readonly string[]
  /** By category. */
  predictions: ReadonlyMap<string, readonly string[]>
}

const noComments: RegistrationComments = { head: [], predictions: new Map() }
const longestComment = 500
/** `toLocaleString` knows numbers without an exponent. */
const everyDigit = { useGrouping: false, maximumFractionDigits: 20 }

/** A registration as YAML, which parses to the same. */
export function writeRegistration(
  registration: Registration,
  comments: RegistrationComments = noComments,
): string {
  const { version, candidate, round, predictions, amendments, withdrawn } = registration
  const lines = [
    ...comments.head.map((line) => writeComment('', line)),
    `version: ${version}`,
    `candidate: ${writeText(candidate)}`,
    ...(round === 1 ? [] : [`round: ${round}`]),
    'predictions:',
    ...predictions.flatMap((prediction) => [
      ...(comments.predictions.get(prediction.category) ?? []).map((line) => writeComment('  ', line)),
      `  - ${writePrediction(prediction)}`,
    ]),
    ...(amendments.length === 0 ? ['amendments: []'] : ['amendments:']),
    ...amendments.map(
      ({ number, date, reason }) =>
        `  - { number: ${number}, date: ${writeText(date)}, reason: ${JSON.stringify(reason)} }`,
    ),
    ...(withdrawn ? ['withdrawn: true'] : []),
  ]
  return `${lines.join('\n')}\n`
}

function writePrediction(prediction: Prediction): string {
  const { category, ratePer100k, intervalPer100k, direction, limitPer100k } = prediction
  const [low, high] = intervalPer100k
  const parts = [
    `category: ${writeText(category)}`,
    `rate: ${writeRate(ratePer100k)}`,
    `interval: [${writeRate(low)}, ${writeRate(high)}]`,
    `direction: ${direction}`,
    ...(limitPer100k === null ? [] : [`limit: ${writeRate(limitPer100k)}`]),
  ]
  return `{ ${parts.join(', ')} }`
}

/** A rate as a registration has it, with every digit: `0.5%`, or `40 per 100k` below 0.1 %. */
export function writeRate(per100k: number): string {
  const write = (value: number) => Number(value.toPrecision(12)).toLocaleString('en-US', everyDigit)
  return per100k > 0 && per100k < 100 ? `${write(per100k)} per 100k` : `${write(per100k / 1000)}%`
}

/** A text as it is, or in quotes where YAML would read it as something else; invisible characters by their numbers. */
export function writeText(text: string): string {
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9._/@+-]*$/.test(text) && parseDocument(text).toJS() === text
  if (isPlain) return text
  return JSON.stringify(text).replaceAll(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (character) =>
      [...Array(character.length).keys()]
        .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
        .join(''),
  )
}

function writeComment(indent: string, line: string): string {
  const text = safeText(line, longestComment)
  return text === '' ? `${indent}#` : `${indent}# ${text}`
}
