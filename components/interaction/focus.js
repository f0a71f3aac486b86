/**
 * Keeps the focus in the page: when what has it vanishes, something near takes it, so that a keyboard goes on from there and
 * not from the top. After a step back in the browser's history the link that led away has it again.
 */

import {closest, find, isPlainClick, targetOf} from "../layout/dom.js"

/**
 * @callback FocusFallback
 * @param {HTMLElement[]} path What had the focus, and the elements around it, innermost first; some may be gone.
 * @returns {boolean} Whether the focus has been moved.
 */

/** @type {HTMLElement[]} What had the focus last, and the elements around it; empty if the user has left it. */
let path = []
/** @type {HTMLElement[]} The same before a dialog was opened; after its action its own opener may be another one. */
let pathBeforeDialog = []
/** @type {FocusFallback} */
let focusNear = () => false

/** @param {Element | null | undefined} element */
const isSeen = element => Boolean(element?.isConnected && element.checkVisibility({visibilityProperty: true}))

/**
 * @param {HTMLElement | null} element
 * @returns {HTMLElement[]}
 */
const withAncestors = element => (element ? [element, ...withAncestors(element.parentElement)] : [])

/**
 * Return the control that opens a dialog or menu. If it is in a menu that has closed, return the control of that one.
 *
 * @param {HTMLElement} opened
 * @returns {HTMLElement | null}
 */
function openerOf(opened) {
  if (!opened.id || !opened.matches("dialog, [popover]")) return null
  const openers = document.querySelectorAll(
    `[commandfor="${opened.id}"][command=show-modal], [popovertarget="${opened.id}"]`,
  )
  for (const opener of /** @type {Iterable<HTMLElement>} */ (openers)) {
    if (isSeen(opener)) return opener
    const menu = closest("[popover]", opener)
    const around = menu && openerOf(menu)
    if (around) return around
  }
  return null
}

/**
 * Set where the focus goes in a view.
 *
 * @param {FocusFallback} fallback
 */
export function setFocusFallback(fallback) {
  focusNear = fallback
}

/** Move the focus on if what had it has vanished. */
export function recoverFocus() {
  const [last] = path
  const active = document.activeElement
  const isLost = !active || active === document.body || !isSeen(active)
  if (!last || !isLost || isSeen(last)) return
  const dialog = path.find(element => element.matches("dialog[open]"))
  const target = dialog
    ? (find("[autofocus]", dialog) ?? find("button", dialog))
    : [...path, ...pathBeforeDialog].map(openerOf).find(opener => opener !== null)
  if (target) target.focus({preventScroll: true})
  else if (!focusNear(path)) (find("#empty:not([hidden]) button") ?? find("#content"))?.focus({preventScroll: true})
}

let isScheduled = false

/** Look after the browser has noticed that an element has vanished, which it does when it lays out the page. */
function scheduleRecovery() {
  if (isScheduled || path.length === 0) return
  isScheduled = true
  requestAnimationFrame(() =>
    setTimeout(() => {
      isScheduled = false
      recoverFocus()
    }),
  )
}

/** Begin to keep the focus. */
export function keepFocus() {
  document.addEventListener("focusin", event => {
    const newer = withAncestors(targetOf(event))
    const dialog = newer.find(element => element.matches("dialog"))
    if (dialog && !path.includes(dialog)) pathBeforeDialog = path
    if (!dialog) pathBeforeDialog = []
    path = newer
  })
  // A click beside all controls leaves them on purpose.
  document.addEventListener("pointerup", () => {
    setTimeout(() => {
      if (document.activeElement === document.body && isSeen(path[0])) path = []
    })
  })
  new MutationObserver(scheduleRecovery).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributeFilter: ["data-live", "hidden", "open"],
  })
}

/**
 * Give the focus back to the link that led away from this page, and note which one does.
 *
 * Also after a reload, as a page whose first connection fails after Back reloads itself.
 */
export function restoreFocusAfterBack() {
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"))
  const href = history.state?.followed
  if (navigation?.type !== "navigate" && href) {
    const link = find(`a[href="${CSS.escape(href)}"]`)
    if (isSeen(link)) link?.focus({preventScroll: true})
  }
  document.addEventListener("click", event => {
    const href = closest("a[href]", targetOf(event))?.getAttribute("href")
    if (href && !href.startsWith("#") && isPlainClick(event)) {
      history.replaceState({...history.state, followed: href}, "")
    }
  })
}
