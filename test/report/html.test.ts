import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { escapeHtml, html, markCode } from '../../src/report/reporters/html/markup.ts'
import { renderHtml } from '../../src/report/reporters/html/page.ts'
import { makeScale } from '../../src/report/reporters/html/scale.ts'
import { styleSheet } from '../../src/report/reporters/html/style.ts'
import { makeView } from './fixture.ts'
import { hostileRun, hostileText } from './hostile.ts'
import { realistic } from './realistic.ts'

const tags = new Set(
  'html head meta title style body header main section h1 h2 p ul li dl dt dd div span strong code table thead tbody tr th td figure figcaption svg g line rect circle path text details summary'.split(
    ' ',
  ),
)

/** Reads the tags of a page; throws at one that is not ours or not closed. */
function readTags(page: string): string[] {
  const open: string[] = []
  const seen: string[] = []
  const body = page.replace(/<style>[\s\S]*<\/style>/, '<style></style>').replace('<!doctype html>', '')
  for (const [tag, slash = '', name = '', rest = ''] of body.matchAll(/<(\/?)([^\s<>/]*)([^<>]*)>/g)) {
    if (!tags.has(name)) throw new Error(`not a tag of this page: ${tag}`)
    if (!/^(?:\s+[a-zA-Z][\w-]*="[^"<>]*")*\/?$/.test(rest)) throw new Error(`not well-formed: ${tag}`)
    seen.push(name)
    if (slash === '/') {
      const last = open.pop()
      if (last !== name) throw new Error(`${last} is closed by ${tag}`)
    } else if (name !== 'meta' && !rest.endsWith('/')) open.push(name)
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(', ')}`)
  const stray = body.replaceAll(/<[^<>]*>/g, '')
  if (/[<>]/.test(stray)) throw new Error('a stray < or >')
  return seen
}

describe('the report', () => {
  const page = renderHtml(makeView(realistic))

  it('is well-formed', () => {
    expect(readTags(page).filter((name) => name === 'figure').length / 2).toBe(7)
  })

  it('is well-formed whatever the text', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        expect(() => readTags(renderHtml(makeView(run)))).not.toThrow()
      }),
      { numRuns: 60 },
    )
  })

  it('lets the browser load nothing but its own style sheet', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? ''
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? ''
    const digest = createHash('sha256').update(style).digest('base64')
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${digest}'`,
      "script-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ])
    expect(page.match(/<style>/g)).toHaveLength(1)
    expect(page).not.toMatch(/<script|\sstyle=|\ssrc=|\shref=|url\(|@import/)
  })

  it('says in words what each plot shows', () => {
    expect(page).toContain(
      'aria-label="Baseline 44 of 5,000 = 0.88 %, at most 1.1 %; candidate 43 of 5,000 = 0.86 %, at most 1.1 %; limit 1 %; predicted 0.8 % (0.5 to 1.1 %)"',
    )
  })

  it('leaves out sections without content', () => {
    const bare = renderHtml(makeView({ turns: 40, categories: [{ id: 'a', baseline: {}, candidate: {} }] }))
    expect(bare).not.toMatch(/<h2>(?:Slices|Missing|Amendments)/)
    expect(page).toContain('<h2>Slices</h2>')
  })
})

describe('html', () => {
  it('escapes whatever is not markup', () => {
    expect(html`<p>${'<b>&"\''}${markCode('a<b')}${3}${null}${['x', '<']}</p>`.html).toBe(
      '<p>&lt;b&gt;&amp;&quot;&#39;<code>a&lt;b</code>3x&lt;</p>',
    )
  })

  it('never lets text become markup', () => {
    fc.assert(fc.property(hostileText, (text) => expect(escapeHtml(text)).not.toMatch(/[<>"']/)))
  })
})

describe('the scale', () => {
  const rates = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 6 })

  it('keeps order, stays within the plot, and has ticks apart', () => {
    fc.assert(
      fc.property(rates, (values) => {
        const { place, ticksPer100k } = makeScale(values)
        const sorted = values.toSorted((a, b) => a - b).map(place)
        expect(sorted).toEqual(sorted.toSorted((a, b) => a - b))
        for (const at of sorted) {
          expect(at).toBeGreaterThanOrEqual(0)
          expect(at).toBeLessThanOrEqual(100)
        }
        expect(ticksPer100k[0]).toBe(0)
        expect(ticksPer100k.length).toBeGreaterThan(1)
        ticksPer100k.slice(1).forEach((tick, index) => {
          expect(place(tick) - place(ticksPer100k[index] ?? 0)).toBeGreaterThan(10)
        })
      }),
    )
  })
})

describe('the colours', () => {
  const [light, dark] = styleSheet.split('@media (prefers-color-scheme: dark)')

  it.each([
    ['light', light],
    ['dark', dark],
  ])('have a contrast of 4.5 : 1 for text (%s)', (_, block = '') => {
    const colour = (name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(block)?.[1] ?? ''
    for (const name of ['ink', 'soft', 'pass', 'fail', 'inconclusive', 'limit']) {
      expect(contrast(colour(name), colour('page'))).toBeGreaterThanOrEqual(4.5)
    }
    expect(contrast(colour('ink'), colour('tint'))).toBeGreaterThanOrEqual(4.5)
    // Shapes need 3 : 1 (WCAG 1.4.11), also where they lie on the band.
    for (const name of ['baseline', 'candidate', 'limit']) {
      expect(contrast(colour(name), colour('band'))).toBeGreaterThanOrEqual(3)
    }
  })
})

/** WCAG 2.2: (lighter + .05) / (darker + .05) of the relative luminances. */
function contrast(first: string, second: string): number {
  const [darker = 0, lighter = 0] = [luminance(first), luminance(second)].toSorted((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
