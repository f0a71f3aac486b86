// What a person asks for on the preview: aggregating again with a reason, deleting; and why nothing can be asked for without a line.
import {$, $$, announce, send, t} from "../layout/dom.js"

// ── without a line nothing can be asked for: what needs one says so ──
export const isOffline = () => document.documentElement.dataset.live === "lost"
export function showOfflineReason(source) { $("#why-offline").showPopover({source}); announce($("#why-offline").textContent) }
new MutationObserver(() => {
  for (const act of $$(isOffline() ? "[data-needs-line]:not([aria-disabled])" : "[data-needs-line][aria-describedby=why-offline]")) {
    if (isOffline()) { act.ariaDisabled = "true"; act.setAttribute("aria-describedby", "why-offline") }
    else { act.removeAttribute("aria-disabled"); act.removeAttribute("aria-describedby") }
  }
}).observe(document.documentElement, {attributeFilter: ["data-live"]})
document.addEventListener("click", event => {
  const act = event.target.closest?.("[data-needs-line], a[data-export]")
  if (!act || !isOffline()) return
  event.preventDefault()
  event.stopImmediatePropagation()
  showOfflineReason(act)
}, true)
/** Where it is said what was found in what was delivered. */
export function showFindings() {
  const found = $(".file__found", $("#origins"))
  if (found) found.open = true
  const there = found ? $("summary", found) : $("#origins-title")
  there.focus()
  there.scrollIntoView({block: "center"})
}

// ── the dialogs ──
/** The report that the dialog names: what is shown may be another by now. */
const snapshotIdOf = dialog => $(`[data-region=${dialog}-lead]`).dataset.snapshot
const reason = $("#reason"), reasonError = $("#reason-fault")
function updateCharCount() {
  $("#reason-left").textContent = t("again.left", {n: reason.maxLength - reason.value.length})
  if (reason.value.trim()) showReasonError(false)
}
function showReasonError(on) { reasonError.hidden = !on; reason.setAttribute("aria-invalid", on) }
reason.addEventListener("input", updateCharCount)
$(".reasons").addEventListener("click", ({target}) => {
  if (target.matches("button")) { reason.value = target.textContent; updateCharCount(); reason.focus() }
})
$("[data-form=again]").addEventListener("submit", event => {
  event.preventDefault()
  if (!reason.value.trim()) { showReasonError(true); reason.focus(); return }
  if (isOffline()) return
  send({action: "again", reason: reason.value.trim(), snapshot_id: snapshotIdOf("again")})
  reason.value = ""
  updateCharCount()
  $("#again").close()
})
$("[data-form=delete]").addEventListener("submit", event => {
  event.preventDefault()
  if (isOffline()) return
  send({action: "delete", snapshot_id: snapshotIdOf("delete")})
  $("#delete").close()
})
