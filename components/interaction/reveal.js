/** Scrolls what has been opened near an edge of the window into view. */

import {closest, targetOf} from "../layout/dom.js"

/** @returns {ScrollBehavior} */
const behavior = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth")

/**
 * Return by how much to scroll so that all of a box is in view, or its beginning if it is too tall.
 *
 * @param {{top: number, bottom: number}} box
 * @param {{top: number, bottom: number}} view
 */
export function revealOffset(box, view) {
  if (box.bottom > view.bottom) return Math.min(box.bottom - view.bottom, box.top - view.top)
  return Math.min(0, box.top - view.top)
}

/**
 * Scroll the page so that what lies from one element to another is in view, below the sticky head.
 *
 * @param {Element} first
 * @param {Element} last
 */
export function reveal(first, last) {
  const {scrollPaddingTop, scrollPaddingBottom} = getComputedStyle(document.documentElement)
  const view = {
    top: Number.parseFloat(scrollPaddingTop) || 0,
    bottom: innerHeight - (Number.parseFloat(scrollPaddingBottom) || 0),
  }
  const box = {top: first.getBoundingClientRect().top, bottom: last.getBoundingClientRect().bottom}
  const top = revealOffset(box, view)
  if (top !== 0) scrollBy({top, behavior: behavior()})
}

/** Reveal each `<details>` that the user opens, wherever it scrolls. */
export function revealOpenedDetails() {
  /** @type {HTMLElement | null} */
  let pressed = null
  document.addEventListener("click", event => {
    pressed = closest("summary", targetOf(event))?.parentElement ?? null
  })
  document.addEventListener(
    "toggle",
    event => {
      const details = targetOf(event)
      if (details === pressed && details.matches("details[open]")) {
        details.scrollIntoView({block: "nearest", behavior: behavior()})
      }
    },
    true,
  )
}
