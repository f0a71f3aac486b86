/** Turns an element into a newer version of itself, so that focus, selection and what is open stay with their element. */

import {Idiomorph} from "../vendor/idiomorph.js"

/** These attributes belong to the browser: what the user has opened, chosen or hidden, and what is marked as changed. */
const CLIENT_ATTRIBUTES = new Set([
  "aria-current",
  "aria-expanded",
  "aria-pressed",
  "checked",
  "data-changed",
  "data-chosen",
  "hidden",
  "open",
  "tabindex",
])

/** @param {Node} node */
const isClientOwned = node => node instanceof HTMLElement && "clientOwned" in node.dataset

/** @param {Node} node */
const isSelect = node => node instanceof HTMLSelectElement

/**
 * Open a `details` when the server begins to show it open. What the user has opened or closed stays otherwise.
 *
 * @param {Node} node
 * @param {Node} newerNode
 */
function openIfServerOpens(node, newerNode) {
  if (!(node instanceof HTMLDetailsElement) || !(newerNode instanceof HTMLDetailsElement)) return
  if (newerNode.dataset.initially === "open" && node.dataset.initially !== "open") node.open = true
}

/**
 * Change an element in place until it equals a newer version, apart from the attributes that belong to the browser.
 *
 * Elements with an `id` are matched by it, wherever they have moved; others by their tag and order. An element with
 * `data-client-owned` keeps its content. A `details` opens when its `data-initially` becomes `open`. An element of another
 * tag or id than the old one replaces it.
 *
 * @param {Element} old In the document.
 * @param {Element} newer Not in the document; it is not used afterwards.
 */
export function morph(old, newer) {
  /** @type {WeakSet<Node>} Nodes of the newer version that have no old counterpart. */
  const unmatched = new WeakSet()
  /** @type {WeakSet<Node>} Elements created for them, which take all their attributes. */
  const created = new WeakSet()
  Idiomorph.morph(old, newer, {
    callbacks: {
      beforeNodeAdded(node) {
        unmatched.add(node)
        return true
      },
      beforeNodeMorphed(node, newerNode) {
        if (unmatched.has(newerNode)) created.add(node)
        openIfServerOpens(node, newerNode)
        return !isClientOwned(node)
      },
      beforeAttributeUpdated: (name, element) => created.has(element) || !CLIENT_ATTRIBUTES.has(name),
      afterNodeMorphed(node) {
        if (isSelect(node)) selectMarkedOption(/** @type {HTMLSelectElement} */ (node))
      },
    },
  })
}

/**
 * Show the option that the server marked as selected: a user's choice outlives its attribute.
 *
 * @param {HTMLSelectElement} select
 */
function selectMarkedOption(select) {
  const marked = /** @type {HTMLOptionElement | null} */ (select.querySelector("option[selected]"))
  if (marked) select.value = marked.value
}
