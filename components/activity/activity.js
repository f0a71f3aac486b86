/** The activity: what is new waits until it is asked for, and the keys go from event to event. */

import {announceReconnect, restoredState} from "../layout/connection.js"
import {$, $$, actionOf, announce, closest, t} from "../layout/dom.js"
import {addShortcuts} from "../layout/shortcuts.js"
import {onLive, send} from "../live/channel.js"
import {patch, setPatchHandler, showPauseNotice} from "../live/patches.js"

/** Whether the visitor has asked for what is new, which the next patch of the list brings. */
let isAskedFor = false

document.addEventListener("click", event => {
  if (actionOf(event) !== "show-new") return
  isAskedFor = true
  send({action: "show"})
})

setPatchHandler(regions => {
  patch(regions)
  if (!isAskedFor || !("activities" in regions)) return
  isAskedFor = false
  // The button is gone: the focus goes to the list that it has opened.
  $("#activities").focus({preventScroll: true})
  scrollTo({top: 0})
  announce(t("activity.shown_new"))
})

// ── Choice: empty fields do not belong into the address ──

/** @type {HTMLFormElement} */
const form = $("#choose")
form.addEventListener("formdata", event => {
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name)
})

// ── Keys ──

/** @param {1 | -1} step */
function moveFocus(step) {
  const links = $$(".event__what > p:first-child > a")
  const current = closest(".event", document.activeElement)
  const index = links.findIndex(link => current?.contains(link))
  if (index >= 0) links[Math.min(links.length - 1, Math.max(0, index + step))]?.focus()
  else links.at(step > 0 ? 0 : -1)?.focus()
}

addShortcuts({j: () => moveFocus(1), k: () => moveFocus(-1)})

// ── Connection ──

onLive("live:waiting", () => showPauseNotice(t("live.paused")))
if (restoredState)
  announceReconnect(
    () => [],
    () => t("activity.back"),
  )
