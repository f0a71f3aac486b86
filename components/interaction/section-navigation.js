/** The list of sections marks the one that is read. */

import {$, $$, find} from "../layout/dom.js"

/**
 * @typedef {object} View
 * @property {number} head The height of what lies over the page's upper edge: the sticky head.
 * @property {number} height The height of the window.
 * @property {number} above How far the page is scrolled.
 * @property {number} below How far it can be scrolled on.
 */

/**
 * Return the index of the section that is read: the last one that begins above a line.
 *
 * The line is right below the sticky head. On the page's last screen, which cannot bring every section up to there, it moves
 * down to the lower edge as the page is scrolled to its end.
 *
 * @param {number[]} tops The upper edges of the sections, from the window's upper edge, in ascending order.
 * @param {View} view
 */
export function sectionInView(tops, {head, height, above, below}) {
  const lastScreen = Math.min(height, above + below)
  const progress = lastScreen > 0 ? Math.max(0, 1 - below / lastScreen) : 0
  const line = head + 1 + progress * (height - head)
  return Math.max(
    0,
    tops.findLastIndex(top => top <= line),
  )
}

/** @type {{id: string, scrollY: number | null} | null} The section that was gone to, until the page is scrolled. */
let chosen = null
let isScheduled = false

/** @typedef {{sections: string, around: string, head?: string}} Layout Selectors; `head` is what lies over the page's edge. */

/** @type {Layout} The rows of the report's form. */
const FORM = {sections: ".form > tbody", around: ".form", head: ".form > thead"}
let layout = FORM

/** The sections that the filter leaves. */
const shownSections = () => $$(layout.sections).filter(section => !section.hidden)

function readSection() {
  if (chosen) {
    chosen.scrollY ??= scrollY
    if (chosen.scrollY === scrollY && !document.getElementById(chosen.id)?.hidden) return chosen.id
    chosen = null
  }
  const sections = shownSections()
  const {clientHeight: height, scrollHeight} = document.documentElement
  const view = {
    head: layout.head ? $(layout.head).getBoundingClientRect().height : 0,
    height,
    above: scrollY,
    below: Math.max(0, scrollHeight - height - scrollY),
  }
  return sections[
    sectionInView(
      sections.map(section => section.getBoundingClientRect().top),
      view,
    )
  ]?.id
}

function markSection() {
  isScheduled = false
  const id = readSection()
  for (const link of /** @type {HTMLAnchorElement[]} */ ($$(".sections a"))) {
    if (link.hash === `#${id}`) link.setAttribute("aria-current", "true")
    else link.removeAttribute("aria-current")
  }
}

function schedule() {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(markSection)
}

/**
 * Mark a section that the page goes to, also one that cannot come up to the sticky head.
 *
 * @param {string} id
 */
export function chooseSection(id) {
  chosen = {id, scrollY: null}
  schedule()
}

/**
 * Begin to mark.
 *
 * @param {Layout} [where]
 */
export function watchSections(where = FORM) {
  layout = where
  addEventListener("scroll", schedule, {passive: true})
  new ResizeObserver(schedule).observe($(layout.around))
  addEventListener("hashchange", () => {
    const id = location.hash.slice(1)
    if (find(`[id="${CSS.escape(id)}"]`)?.matches(layout.sections)) chooseSection(id)
  })
}
