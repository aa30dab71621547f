/**
 * The page's whole style sheet: nothing is fetched, and no element has a `style` of its own. Text on its
 * background has a contrast of at least 4.5 : 1 in both schemes (WCAG 2.2, 1.4.3).
 */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1c2024; --soft: #5a6169; --rule: #dfe3e6; --tint: #f5f6f8;
  --pass: #1a6b3c; --fail: #b3261e; --inconclusive: #8a5300;
  --baseline: #5a6169; --candidate: #1f5fbf; --band: #dbe6f7; --limit: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181b; --ink: #e6e8ea; --soft: #a2aab2; --rule: #343a40; --tint: #1e2226;
    --pass: #6fcf97; --fail: #ff8a80; --inconclusive: #f0b357;
    --baseline: #a2aab2; --candidate: #85b4ff; --band: #22344f; --limit: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 76rem; padding: 2rem 1.25rem 4rem;
  background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif;
}
header { border-bottom: 1px solid var(--rule); padding-bottom: 1.25rem; }
.kicker { margin: 0 0 .75rem; color: var(--soft); font-size: .875rem; }
h1 { margin: 0 0 .75rem; max-width: 54rem; font-size: 1.375rem; line-height: 1.45; font-weight: 400; text-wrap: pretty; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.0625rem; font-weight: 600; }
p { margin: 0 0 .75rem; max-width: 46rem; }
code { font: .875em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 1.1rem; max-width: 46rem; }
li { margin: .3rem 0; }
.pass { color: var(--pass); } .fail { color: var(--fail); }
.inconclusive, .invalid { color: var(--inconclusive); } .unchanged { color: var(--soft); }
.banners { margin: 1.25rem 0 0; padding: .75rem 1rem .75rem 2rem; max-width: none; border-left: 3px solid var(--inconclusive); background: var(--tint); }
.notices { border-left-color: var(--rule); }
.note { margin: .6rem 0 0; max-width: 54rem; color: var(--soft); font-size: .875rem; }
.scroll { overflow-x: auto; border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
.scroll:focus-visible { outline: 2px solid var(--candidate); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .55rem .8rem .55rem 0; text-align: left; vertical-align: top; white-space: nowrap; }
th:last-child, td:last-child { padding-right: .25rem; }
thead th { color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--rule); }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
tbody th { font-weight: 400; }
tbody th code { display: inline-block; width: max-content; max-width: 20rem; white-space: normal; }
td.number, th.number { text-align: right; }
.fitting { width: fit-content; min-width: min(100%, 34rem); max-width: 100%; }
.wrap td:last-child { white-space: normal; min-width: 14rem; }
.second { display: block; color: var(--soft); }
.verdict { font-weight: 600; white-space: normal; }
.reason { white-space: normal; min-width: 8rem; max-width: 13rem; }
.outside { color: var(--inconclusive); font-weight: 600; }
.facts { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: .4rem 1.25rem; margin: 0; font-size: .9375rem; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 1.5rem 2.5rem; }
.plot { margin: 0; min-width: 0; display: grid; align-content: start; grid-template-columns: 5.75rem minmax(0, 1fr); break-inside: avoid; }
.plot figcaption { grid-column: 1 / -1; margin-bottom: .5rem; font-size: .875rem; }
.plot figcaption .verdict { margin-left: .4rem; }
.plot > svg { display: block; overflow: visible; }
.lanes { position: relative; font-size: .8125rem; color: var(--soft); padding-top: 20px; }
.lane { display: flex; align-items: center; gap: .3rem; height: 28px; }
.unit { justify-content: flex-end; padding-right: .5rem; height: 30px; align-items: end; }
.plot text { fill: var(--soft); font-size: 12px; }
.plot .strong { fill: var(--limit); }
.axis { stroke: var(--soft); } .grid { stroke: var(--rule); }
.band { fill: var(--band); }
.limit { stroke: var(--limit); stroke-width: 2; stroke-dasharray: 5 3; }
.baseline { stroke: var(--baseline); stroke-width: 2; } .candidate { stroke: var(--candidate); stroke-width: 2; }
.baseline.point { fill: var(--page); } .candidate.point { fill: var(--candidate); }
.legend { display: flex; flex-wrap: wrap; gap: .4rem 1.25rem; font-size: .8125rem; color: var(--soft); max-width: none; }
.legend span { display: inline-flex; align-items: center; gap: .4rem; }
.key { flex: none; }
.review summary { cursor: pointer; }
.review > summary { padding: .4rem 0; font-weight: 600; }
.review ol { margin: .5rem 0 0; padding-left: 2.5rem; font-size: .875rem; }
.review li { margin: .5rem 0; }
.review .text { margin: .5rem 0; max-width: 54rem; padding-left: .75rem; border-left: 3px solid var(--rule); white-space: pre-wrap; overflow-wrap: anywhere; }
.review .quote { border-left-color: var(--candidate); }
@media (max-width: 34rem) {
  body { padding: 1.25rem 1rem 3rem; }
  h1 { font-size: 1.1875rem; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .6rem; }
}
@media print {
  :root { color-scheme: light; --page: #ffffff; --ink: #000000; --soft: #444444; --rule: #bbbbbb; --tint: #ffffff;
    --pass: #1a6b3c; --fail: #b3261e; --inconclusive: #8a5300; --baseline: #444444; --candidate: #1f5fbf; --band: #dbe6f7; --limit: #b3261e; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .scroll { overflow: visible; }
  th, td { white-space: normal; padding-right: .6rem; }
  tr, .plot, .banners { break-inside: avoid; }
  h2 { break-after: avoid; }
  .band, .banners { print-color-adjust: exact; }
}
`
