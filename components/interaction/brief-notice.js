/** A notice at the page's lower edge that goes by itself. */

import {$, announce} from "../layout/dom.js"

const SHOWN_MS = 6000

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

/**
 * Show a sentence for some seconds, and have screen readers read it.
 *
 * @param {string} sentence
 */
export function showBriefly(sentence) {
  const notice = $("#brief")
  $("p", notice).textContent = sentence
  notice.hidden = false
  announce(sentence)
  clearTimeout(timer)
  timer = setTimeout(() => {
    notice.hidden = true
  }, SHOWN_MS)
}
