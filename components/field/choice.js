/**
 * The services whose history is shown. The session has them: the page asks for a change, and shows in the table and in its
 * address which ones the session sends.
 */

import {$, $$, announce, closest, find, t} from "../layout/dom.js"
import {requireLine} from "../layout/needs-line.js"
import {send} from "../live/channel.js"

const LETTERS = "ABCDEFGH"

/** @returns {string[]} The ids of the chosen services, in the order in which they were chosen. */
const chosenIds = () => ($("[data-region=chosen]").dataset.org ?? "").split(",").filter(Boolean)

/**
 * Choose a service, or no longer.
 *
 * @param {string} id
 * @param {HTMLElement} source What the user has pressed.
 */
export function toggleChosen(id, source) {
  if (!requireLine(source)) return
  const chosen = chosenIds()
  if (chosen.length >= LETTERS.length && !chosen.includes(id)) announce(t("field.full", {n: LETTERS.length}))
  else send({action: "choose", organization_id: id})
}

/** @param {HTMLButtonElement} button */
export function chooseFromButton(button) {
  toggleChosen(button.value, button)
}

/** @param {string} id */
const nameOf = id => find(`[data-region="row-${id}"] .row-link`)?.lastChild?.textContent ?? id

let shown = chosenIds()

/** Show in the table and in the address which services are chosen. */
export function showChosen() {
  const ids = chosenIds()
  for (const button of /** @type {HTMLButtonElement[]} */ ($$(".choose"))) {
    const index = ids.indexOf(button.value)
    const letter = LETTERS[index] ?? ""
    const sign = $("span", button)
    if (button.ariaPressed !== `${index >= 0}`) button.ariaPressed = `${index >= 0}`
    if (sign.textContent !== letter) {
      sign.textContent = letter
      closest("tr", button)?.toggleAttribute("data-chosen", index >= 0)
    }
  }
  const added = ids.find(id => !shown.includes(id))
  const removed = shown.find(id => !ids.includes(id))
  if (added) announce(t("field.chosen_now", {name: nameOf(added)}))
  else if (removed) announce(t("field.not_chosen_now", {name: nameOf(removed)}))
  shown = ids
  const url = new URL(location.href)
  url.searchParams.delete("choose")
  if (ids.length > 0) url.searchParams.set("org", ids.join(","))
  else url.searchParams.delete("org")
  history.replaceState(history.state, "", url.href.replaceAll("%2C", ","))
}
