/** Searching of services. The server gives each one its text; preview/i18n/name_search.py searches the same texts. */

/**
 * Return a function that tells whether all words of a query occur in a text.
 *
 * @param {string} query
 * @returns {(text: string) => boolean}
 */
export function searchMatcher(query) {
  const words = query.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean)
  return text => words.every(word => text.includes(word))
}
