import { type ArmCell, joinBounds } from '../../arm-cell.ts'
import { type CategoryRow, describeDecision, type PlottedArm } from '../../category-row.ts'
import { formatLimit, formatTick } from '../../format.ts'
import type { ReportView } from '../../view.ts'
import { type Child, html, type Markup, markCode } from './markup.ts'
import { makeScale, type Scale } from './scale.ts'

const height = 108
const rows = { baseline: 34, candidate: 62 } as const
const axis = 84

/** The plots of all categories under one legend. */
export function renderPlots(view: ReportView): Markup {
  return html`<p class="legend"><span>${renderShape('baseline')} baseline</span><span>${renderShape('candidate')} candidate, each with its bounds</span><span><svg class="key" width="22" height="12" aria-hidden="true"><rect class="band" width="22" height="12"/></svg> predicted interval</span><span><svg class="key" width="12" height="16" aria-hidden="true"><line class="limit" x1="6" x2="6" y1="0" y2="16"/></svg> limit</span><span>square-root scale</span></p>
<div class="plots">
${view.categories.map(renderPlot)}</div>`
}

/** One category's rates with their bounds, its limit and what was predicted, as a figure. */
function renderPlot(row: CategoryRow): Markup {
  const { baseline, candidate, limitPer100k, predictedPer100k } = row.plot
  const scale = makeScale([
    baseline.upperPer100k,
    candidate.upperPer100k,
    limitPer100k ?? 0,
    ...(predictedPer100k ?? []),
  ])
  return html`<figure class="plot">
<figcaption>${markCode(row.id)} <span class="verdict ${row.verdict}">${describeDecision(row)}</span><span class="second">${row.reason}</span></figcaption>
<div class="lanes"><span class="lane">${renderShape('baseline')} baseline</span><span class="lane">${renderShape('candidate')} candidate</span><span class="lane unit">${scale.unit}</span></div>
<svg height="${height}" width="100%" role="img" aria-label="${describePlot(row)}">
${predictedPer100k === null ? null : renderBand(scale, predictedPer100k)}
${scale.ticksPer100k.map((tick) => renderTick(scale, tick))}
<line class="axis" x1="0" x2="100%" y1="${axis}" y2="${axis}"/>
${limitPer100k === null ? null : renderLimit(scale, limitPer100k)}
${renderArm({ scale, arm: baseline, name: 'baseline' })}
${renderArm({ scale, arm: candidate, name: 'candidate' })}
</svg>
</figure>
`
}

/** The plot in words, for those who don't see it. */
function describePlot({ baseline, candidate, limit, predicted }: CategoryRow): string {
  const say = (cell: ArmCell) =>
    [cell.counts, cell.truth ?? '', joinBounds(cell)].filter((part) => part !== '').join(', ')
  const limits = limit === null ? '' : `; limit ${limit.written}`
  const prediction = predicted === null ? '' : `; predicted ${predicted.rate} (${predicted.interval})`
  return `Baseline ${say(baseline)}; candidate ${say(candidate)}${limits}${prediction}`
}

/** Positions are per cent of the width, so that the plot fits any screen without scaling its letters. */
function renderBand(scale: Scale, [low, high]: readonly [number, number]): Markup {
  const from = scale.place(low)
  const width = Number(Math.max(0.6, scale.place(high) - from).toFixed(2))
  return html`<rect class="band" x="${from}%" width="${width}%" y="18" height="${axis - 18}"/>`
}

function renderTick(scale: Scale, tick: number): Markup {
  const at = scale.place(tick)
  return html`<line class="grid" x1="${at}%" x2="${at}%" y1="18" y2="${axis + 4}"/><text x="${at}%" y="${axis + 18}" text-anchor="middle">${formatTick(scale.unit, tick)}</text>
`
}

function renderLimit(scale: Scale, limit: number): Markup {
  const at = scale.place(limit)
  return html`<line class="limit" x1="${at}%" x2="${at}%" y1="14" y2="${axis}"/><text class="strong" x="${at}%" y="10" text-anchor="${anchor(at)}">limit ${formatLimit(limit)}</text>`
}

function renderArm(request: { scale: Scale; arm: PlottedArm; name: 'baseline' | 'candidate' }): Child {
  const { scale, arm, name } = request
  const [y, from, to] = [rows[name], scale.place(arm.lowerPer100k), scale.place(arm.upperPer100k)]
  const interval = html`<g class="${name}"><line x1="${from}%" x2="${to}%" y1="${y}" y2="${y}"/><line x1="${from}%" x2="${from}%" y1="${y - 5}" y2="${y + 5}"/><line x1="${to}%" x2="${to}%" y1="${y - 5}" y2="${y + 5}"/></g>`
  if (arm.ratePer100k === null) return interval
  // An inner svg moves the shape by per cent, which paths don't understand.
  return [
    interval,
    html`<svg class="${name} point" x="${scale.place(arm.ratePer100k)}%" y="${y}" overflow="visible">${drawShape(name)}</svg>`,
  ]
}

/** Arms differ in shape, not in colour alone. */
function drawShape(name: 'baseline' | 'candidate'): Markup {
  return name === 'baseline' ? html`<circle r="5"/>` : html`<path d="M0-7 7 0 0 7-7 0Z"/>`
}

/** An arm's shape beside its name. */
function renderShape(name: 'baseline' | 'candidate'): Markup {
  return html`<svg class="${name} point key" width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true">${drawShape(name)}</svg>`
}

function anchor(at: number): string {
  if (at < 12) return 'start'
  return at > 88 ? 'end' : 'middle'
}
