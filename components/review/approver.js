/** Who approves: the account that the proxy names, else a name that is typed and remembered in this browser. */

import {holdsNationalId} from "../interaction/free-text.js"
import {$, find, t} from "../layout/dom.js"
import {local} from "../layout/storage.js"

const NAME_KEY = "approver-name"

/** @returns {HTMLInputElement | null} The field for the name; none where an account names the person. */
const nameField = () => find("#approver-name")

/** The name as it was typed; empty where an account names the person. */
export const typedName = () => nameField()?.value ?? ""

/**
 * Fill in the name when its field has come with the session.
 *
 * @param {string} name What was typed before; if empty, the name that the browser remembers.
 */
export function fillName(name = "") {
  const field = nameField()
  if (field && !field.value) field.value = name || local.get(NAME_KEY) || ""
}

/** Remember the name for the next time. */
export function rememberName() {
  const name = typedName().trim()
  if (name) local.set(NAME_KEY, name)
}

/** Return whether the person is named. If not, say why beside the field, and move the focus there. */
export function checkName() {
  const field = nameField()
  if (!field) return true
  const fault = $("#approver-fault")
  const name = field.value.trim()
  fault.textContent = name ? (holdsNationalId(name) ? t("text.national_id") : "") : (fault.dataset.missing ?? "")
  fault.hidden = !fault.textContent
  field.setAttribute("aria-invalid", `${!fault.hidden}`)
  if (!fault.hidden) field.focus()
  return fault.hidden
}

document.addEventListener("input", event => {
  const field = nameField()
  if (event.target === field && field?.getAttribute("aria-invalid") === "true") checkName()
})
