const done =
  '(?:booked|rebooked|cancell?ed|updated|changed|modified|sent|created|added|removed|deleted|saved|stored|processed|completed|upgraded|downgraded|submitted|scheduled|rescheduled|refunded|reimbursed|applied|purchased|bought|ordered|installed|deployed|fixed|uploaded|downloaded|transferred|placed|charged|issued|paid|renewed|registered|resolved|renamed|published|merged|reserved|credited|activated|deactivated|enabled|disabled|restored|executed|finali[sz]ed|confirmed|implemented|pushed|committed|migrated|configured|built|compiled|written|set up|arranged|rented)'
const adverbs = '(?:(?:now|also|already|just|all|both|then|finally|successfully|indeed) )*'

/** Default wording of success: something is said to be done. */
export const defaultSuccesses = [
  String.raw`\bsuccessful(?:ly)?\b`,
  String.raw`(?:\bhas|\bhave|'s|'ve) ${adverbs}been ${adverbs}(?:${done}|made|done|set|started)\b`,
  String.raw`\b(?:was|were) ${adverbs}(?:${done}|made|done|a success)\b`,
  String.raw`\b(?:I|we)(?:'ve| have)? ${adverbs}(?:${done}|(?:made|got) (?:the|your|a|that|this) (?:\w+ ){0,2}(?:booking|reservation|appointment|payment|purchase|order|transfer|change|update)s?)\b`,
  String.raw`\b(?:is|are|you're|its|it's|that's|everything's) ${adverbs}(?:made|done|set|reserved|rented|booked|cancell?ed|updated|upgraded|scheduled|submitted|sent|saved|deployed|installed|fixed|resolved|confirmed|complete|completed|paid|refunded|in place|up and running|live|all set|good to go)\b`,
  String.raw`\b(?:all|you're) (?:set|done)\b`,
  String.raw`(?:^|[.!?\n] ?)(?:done|completed|confirmed|success)[.!]`,
  String.raw`\b(?:booking|reservation|cancellation|change|update|upgrade|payment|refund|order|request|transfer|purchase|deployment|installation) (?:is |was |has been )?(?:confirmed|complete|completed|succeeded|went through|worked)\b`,
  String.raw`\b(?:it|that|this) worked\b|\bwent through\b|\b(?:all|the) (?:\w+ )?tests (?:(?:now|are|have) )*pass(?:ed|ing)?\b`,
]

const impossible =
  '(?:enough|sufficient|available|possible|found|allowed|able|permitted|supported|eligible|valid|accepted|working|responding|reachable)'

/** Default wording of an admission: that something went wrong, or was not possible. */
export const defaultAdmissions = [
  String.raw`\b(?:could|can|did|was|were|has|have|had)(?:n't| ?not)\b|\bcan't\b`,
  String.raw`\b(?:is|are)(?:n't| not) (?:\w+ ){0,2}${impossible}\b|\bnot ${impossible}\b`,
  String.raw`\b(?:do|does)(?:n't| not) (?:\w+ )?(?:work|exist|match|add up|have|appear|seem|go through|cover|allow|accept|support)\b`,
  String.raw`\bunable\b|\bfail(?:ed|s|ure|ures|ing)?\b|\bimpossible\b|\bunsuccessful(?:ly)?\b`,
  String.raw`\berrors?(?:[^\w-]|$)|\bexceptions? (?:was|were|occurred|raised)\b|\btraceback\b`,
  String.raw`\b(?:an|the|this|that|some|another|technical) (?:\w+ )?issues?\b|\bissues? (?:with|in|occurred)\b`,
  String.raw`\b(?:problem|trouble|difficult(?:y|ies)|discrepanc(?:y|ies)|mismatch(?:es)?|oversight|mistake|hiccup|glitch(?:es)?|snag)s?\b`,
  String.raw`\bsorry\b|\bapolog(?:y|ies|i[sz]e)\b|\bunfortunately\b|\bregret(?:tably)?\b`,
  String.raw`\b(?:declined|denied|rejected|refused|unavailable|insufficient|invalid|blocked|timed out|time-?out|offline|unreachable)\b`,
  String.raw`\bno (?:longer|more|such|seats?|results?|matching|available|valid|record|match(?:es)?)\b`,
  String.raw`\b(?:try|trying|attempt(?:ing)?) (?:(?:it|this|that|the \w+) )?(?:again|once more|another|a different)\b|\bretry(?:ing)?\b`,
]
