/** Announces changes to screen readers without flooding them. */

import {announce} from "../layout/dom.js"

const INTERVAL_MS = 2000

/**
 * Return a function that announces changed items: one polite sentence, at most every two seconds.
 *
 * @param {(ids: string[]) => string} sentenceFor Returns the sentence for items that have changed; empty if there is
 *   nothing to say.
 * @returns {(ids: string[]) => void}
 */
export function changeAnnouncer(sentenceFor) {
  let announcedAt = 0
  /** @type {Set<string>} */
  const changed = new Set()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const flush = () => {
    clearTimeout(timer)
    if (changed.size === 0) return
    const wait = announcedAt + INTERVAL_MS - Date.now()
    if (wait > 0) {
      timer = setTimeout(flush, wait)
      return
    }
    const sentence = sentenceFor([...changed])
    changed.clear()
    if (!sentence) return
    announce(sentence)
    announcedAt = Date.now()
  }
  return ids => {
    for (const id of ids) changed.add(id)
    flush()
  }
}
