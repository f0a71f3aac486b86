/** What a user can do with a report: aggregate it again with a reason, delete it; and why nothing can be done offline. */

import {$, $$, announce, closest, find, t, targetOf} from "../layout/dom.js"
import {isOffline, send} from "../live/channel.js"

// ── Offline: what needs the connection says why it does not work. ──

/**
 * Show, beside an element, that it does not work offline.
 *
 * @param {HTMLElement} source
 */
export function showOfflineReason(source) {
  const reason = $("#why-offline")
  reason.showPopover({source})
  announce(reason.textContent ?? "")
}

function updateOfflineState() {
  if (isOffline()) {
    for (const element of $$("[data-needs-line]:not([aria-disabled])")) {
      element.ariaDisabled = "true"
      element.setAttribute("aria-describedby", "why-offline")
    }
  } else {
    for (const element of $$("[data-needs-line][aria-describedby=why-offline]")) {
      element.removeAttribute("aria-disabled")
      element.removeAttribute("aria-describedby")
    }
  }
}
new MutationObserver(updateOfflineState).observe(document.documentElement, {attributeFilter: ["data-live"]})

document.addEventListener(
  "click",
  event => {
    const element = closest("[data-needs-line], a[data-export]", targetOf(event))
    if (!element || !isOffline()) return
    event.preventDefault()
    event.stopImmediatePropagation()
    showOfflineReason(element)
  },
  true,
)

/** Move the focus to what was found in the deliveries. */
export function showFindings() {
  /** @type {HTMLDetailsElement | null} */
  const findings = find("#origins .file__found")
  if (findings) findings.open = true
  const target = findings ? $("summary", findings) : $("#origins-title")
  target.focus()
  target.scrollIntoView({block: "center"})
}

// ── The dialogs ──

/** @param {string} id */
const closeDialog = id => /** @type {HTMLDialogElement} */ ($(`#${id}`)).close()

/**
 * Return the report that a dialog names. The page may show another one by now.
 *
 * @param {string} dialog
 */
const snapshotIdOf = dialog => $(`[data-region=${dialog}-lead]`).dataset.snapshot

/** @type {HTMLTextAreaElement} */
const reason = $("#reason")
const reasonError = $("#reason-fault")

/** @param {boolean} isShown */
function showReasonError(isShown) {
  reasonError.hidden = !isShown
  reason.setAttribute("aria-invalid", `${isShown}`)
}

function updateCharCount() {
  $("#reason-left").textContent = t("again.left", {n: reason.maxLength - reason.value.length})
  if (reason.value.trim()) showReasonError(false)
}
reason.addEventListener("input", updateCharCount)

$(".reasons").addEventListener("click", event => {
  const button = targetOf(event)
  if (!button.matches("button")) return
  reason.value = button.textContent ?? ""
  updateCharCount()
  reason.focus()
})

$("[data-form=again]").addEventListener("submit", event => {
  event.preventDefault()
  if (!reason.value.trim()) {
    showReasonError(true)
    reason.focus()
    return
  }
  if (isOffline()) return
  send({action: "again", reason: reason.value.trim(), snapshot_id: snapshotIdOf("again")})
  reason.value = ""
  updateCharCount()
  closeDialog("again")
})

$("[data-form=delete]").addEventListener("submit", event => {
  event.preventDefault()
  if (isOffline()) return
  send({action: "delete", snapshot_id: snapshotIdOf("delete")})
  closeDialog("delete")
})
