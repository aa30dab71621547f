import { safeText } from '../../../safe-text.ts'
import type { Text } from '../../text.ts'

/** HTML that is safe to put in a page as it stands. */
export interface Markup {
  readonly html: string
}

/** What a template takes: text is escaped, markup is kept, nothing is left out. */
export type Child = string | number | Markup | readonly Child[] | null

const longestText = 2000
const longestVerbatim = 300

const replacements: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text made inert for an element's content or a quoted attribute. */
export function escapeHtml(text: string, longest = longestText): string {
  return safeText(text, longest).replaceAll(/[&<>"']/g, (character) => replacements[character] ?? '')
}

/** HTML from a template in which whatever is not markup is escaped. */
export function html(words: TemplateStringsArray, ...children: Child[]): Markup {
  return { html: words.map((word, index) => word + renderChild(children[index] ?? null)).join('') }
}

/** A sentence: our own words as text, the rest as code. */
export function markText(text: Text): Markup {
  return html`${text.map((part) => (typeof part === 'string' ? part : markCode(part.verbatim, part.longest)))}`
}

/** Text that is not ours. */
export function markCode(text: string, longest = longestVerbatim): Markup {
  return { html: `<code>${escapeHtml(text, longest)}</code>` }
}

function renderChild(child: Child): string {
  if (child === null) return ''
  if (typeof child === 'string') return escapeHtml(child)
  if (typeof child === 'number') return String(child)
  return 'html' in child ? child.html : child.map(renderChild).join('')
}
