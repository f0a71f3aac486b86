/** Shortcuts of a single key. They work outside text fields and can be switched off (WCAG 2.1.4). */

import {find, targetOf} from "./dom.js"
import {local} from "./storage.js"

/**
 * @callback ShortcutHandler
 * @param {KeyboardEvent} event
 * @returns {unknown} False if there was nothing to do, so that the browser handles the key.
 */

const SWITCHED_OFF_KEY = "keys-off"
const TEXT_FIELDS = "input:not([type=radio], [type=checkbox], [type=file]), textarea, select"
/** @type {Record<string, ShortcutHandler>} */
const shortcuts = {}

/**
 * Add shortcuts, in place of those that the same keys had.
 *
 * @param {Record<string, ShortcutHandler>} added By `KeyboardEvent.key`.
 */
export function addShortcuts(added) {
  Object.assign(shortcuts, added)
}

export const areShortcutsEnabled = () => local.get(SWITCHED_OFF_KEY) === null

/** @param {boolean} enabled */
export function enableShortcuts(enabled) {
  if (enabled) local.remove(SWITCHED_OFF_KEY)
  else local.set(SWITCHED_OFF_KEY, "1")
}

/**
 * Run the shortcut that belongs to a pressed key.
 *
 * @param {KeyboardEvent} event
 */
export function handleKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || find("dialog[open]")) return
  const target = targetOf(event)
  if (target.matches(TEXT_FIELDS) || target.isContentEditable || !areShortcutsEnabled()) return
  const handler = shortcuts[event.key]
  if (handler && handler(event) !== false) event.preventDefault()
}

/**
 * Listen for keys, and let a checkbox switch the shortcuts on and off.
 *
 * @param {HTMLInputElement | null} checkbox
 */
export function startShortcuts(checkbox) {
  document.addEventListener("keydown", handleKey)
  if (!checkbox) return
  checkbox.checked = areShortcutsEnabled()
  checkbox.addEventListener("change", () => enableShortcuts(checkbox.checked))
}
