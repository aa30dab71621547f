import { createHash } from 'node:crypto'
import { formatPlain, type Text } from '../../text.ts'
import type { ReportView } from '../../view.ts'
import { renderGraders } from './graders.ts'
import { html, type Markup, markCode, markText } from './markup.ts'
import { renderPlots } from './plot.ts'
import { renderReview } from './review.ts'
import { styleSheet } from './style.ts'
import {
  renderAttempts,
  renderCategories,
  renderFacts,
  renderPlanParts,
  renderReconciliation,
  renderSection,
  renderSignals,
  renderSlices,
  renderTexts,
} from './tables.ts'

/**
 * The report as one file that works without a network and without scripts: everything is in it, everything not
 * ours is escaped text, and its policy lets a browser load nothing but this very style sheet.
 */
export function renderHtml(view: ReportView): string {
  const body = html`${renderHeader(view)}
<main>
${renderSection('Categories', renderCategories(view))}
${renderSection('Rates and bounds', renderPlots(view))}
${renderSection('Missing', renderTexts(view.missing))}
${renderSection('Attempts', renderAttempts(view))}
${renderSection('Counts: planned = graded + missing + not asked', renderReconciliation(view))}
${renderSection('To read', renderReview(view))}
${renderSection('Signals that need no judge', renderSignals(view))}
${renderSection('Graders', renderGraders(view))}
${renderSection('Slices', renderSlices(view))}
${renderSection('Sample', renderFacts(view.sample))}
${renderSection('Plan', html`${renderFacts(view.plan)}\n${renderPlanParts(view)}`)}
${renderSection('Cost and time', renderFacts(view.spending))}
${renderSection('Amendments of the registration', renderTexts(view.amendments))}
${renderSection('How to read this', renderTexts(view.reading))}
</main>`
  return `${renderHead(view).html}\n<body>\n${body.html}\n</body>\n</html>\n`
}

function renderHead(view: ReportView): Markup {
  const digest = createHash('sha256').update(styleSheet).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; script-src 'none'; base-uri 'none'; form-action 'none'`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ html: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${`${formatPlain(view.word)}: ${view.candidate} – Checkpoint Gate`}</title>
<style>${{ html: styleSheet }}</style>
</head>`
}

function renderHeader(view: ReportView): Markup {
  return html`<header>
<p class="kicker">Checkpoint Gate · plan ${markCode(view.planDigest.slice(0, 12))}</p>
<h1><strong class="${view.verdict}">${markText(view.word)}:</strong> ${markText(view.finding)}</h1>
<p>${markText(view.comparison)}</p>
${renderAlert('banners', view.history)}${renderAlert('banners', view.banners)}${renderAlert('banners', view.policyChanges)}${renderAlert('banners notices', view.notices)}
</header>`
}

function renderAlert(className: string, texts: readonly Text[]): Markup | null {
  if (texts.length === 0) return null
  return html`<ul class="${className}">\n${texts.map((text) => html`<li>${markText(text)}</li>\n`)}</ul>`
}
