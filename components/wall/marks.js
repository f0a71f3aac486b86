/**
 * Marks of what has changed: a tint for six seconds, then a dot until the page that shows it is turned. What changes on a
 * page that is not shown keeps its dot until it has been shown.
 */

import {$$} from "../layout/dom.js"

const TINT_MS = 6000

/** @type {WeakMap<HTMLElement, ReturnType<typeof setTimeout>>} */
const timers = new WeakMap()

/** Rows and key figures: what says something that can change. */
const elements = () => $$("[data-version]")

/** @param {HTMLElement} element */
const idOf = element => element.dataset.region ?? element.id

/** Return what each row and key figure says, by its id. */
export const versions = () =>
  Object.fromEntries(elements().map(element => [idOf(element), element.dataset.version ?? ""]))

/**
 * Return the elements that say something else than before, and those that are new.
 *
 * @param {Record<string, string>} before By id.
 */
export const changedSince = before => elements().filter(element => before[idOf(element)] !== element.dataset.version)

/** @param {HTMLElement[]} changed */
export function tint(changed) {
  for (const element of changed) {
    clearTimeout(timers.get(element))
    element.dataset.changed = "now"
    timers.set(
      element,
      setTimeout(() => {
        if (element.dataset.changed) element.dataset.changed = "unseen"
      }, TINT_MS),
    )
  }
}

/** @param {HTMLElement[]} changed */
export function markUnseen(changed) {
  for (const element of changed) element.dataset.changed = "unseen"
}

/** Remove the dots of what has been on the screen until now. */
export function forgetSeen() {
  for (const element of $$("[data-changed=unseen]:not([data-off-page])")) delete element.dataset.changed
}

/** Remove all marks: the wall shows something else. */
export function forgetAll() {
  for (const element of $$("[data-changed]")) delete element.dataset.changed
}

/** Return the ids of what is marked. */
export const markedIds = () => $$("[data-changed]").map(idOf)

/**
 * Mark again what was marked.
 *
 * @param {string[]} ids
 */
export const restoreMarks = ids => markUnseen(elements().filter(element => ids.includes(idOf(element))))
