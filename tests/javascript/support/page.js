/** A page for scripts under test: happy-dom's document in place of the browser's. */

import {Window} from "happy-dom"

const GLOBALS = [
  "CSS",
  "CustomEvent",
  "DOMParser",
  "Document",
  "Element",
  "Event",
  "HTMLElement",
  "HTMLButtonElement",
  "HTMLInputElement",
  "HTMLScriptElement",
  "HTMLDetailsElement",
  "HTMLSelectElement",
  "KeyboardEvent",
  "MouseEvent",
  "MutationObserver",
  "Node",
  "document",
  "history",
  "localStorage",
  "location",
  "sessionStorage",
  "window",
]

/**
 * Make a document global. Import the scripts under test afterwards, dynamically: many look for their elements at once.
 *
 * @param {string} body The HTML of its body.
 * @param {{url?: string}} [options]
 */
export function openPage(body, {url = "http://localhost/"} = {}) {
  const window = /** @type {any} */ (new Window({url}))
  window.document.body.innerHTML = body
  for (const name of GLOBALS) {
    const value = name === "window" ? window : window[name]
    Object.defineProperty(globalThis, name, {value, configurable: true, writable: true})
  }
}

/**
 * Press a key on an element, or on the body.
 *
 * @param {string} key
 * @param {{on?: Element, ctrlKey?: boolean}} [options]
 * @returns {boolean} Whether the page has handled it.
 */
export function press(key, {on = document.body, ctrlKey = false} = {}) {
  return !on.dispatchEvent(new KeyboardEvent("keydown", {key, ctrlKey, bubbles: true, cancelable: true}))
}
