// What a person asks for on the preview: aggregating again with a reason, deleting; and why nothing can be asked for without a line.
import {$, $$, say, send, text} from "../layout/dom.js"

// ── without a line nothing can be asked for: what needs one says so ──
export const isLost = () => document.documentElement.dataset.live === "lost"
export function explain(source) { $("#why-offline").showPopover({source}); say($("#why-offline").textContent) }
new MutationObserver(() => {
  for (const act of $$(isLost() ? "[data-needs-line]:not([aria-disabled])" : "[data-needs-line][aria-describedby=why-offline]")) {
    if (isLost()) { act.ariaDisabled = "true"; act.setAttribute("aria-describedby", "why-offline") }
    else { act.removeAttribute("aria-disabled"); act.removeAttribute("aria-describedby") }
  }
}).observe(document.documentElement, {attributeFilter: ["data-live"]})
document.addEventListener("click", event => {
  const act = event.target.closest?.("[data-needs-line], a[data-export]")
  if (!act || !isLost()) return
  event.preventDefault()
  event.stopImmediatePropagation()
  explain(act)
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
const named = dialog => $(`[data-region=${dialog}-lead]`).dataset.snapshot
const reason = $("#reason"), fault = $("#reason-fault")
function counting() {
  $("#reason-left").textContent = text("again.left", {n: 500 - reason.value.length})
  if (reason.value.trim()) complain(false)
}
function complain(on) { fault.hidden = !on; reason.setAttribute("aria-invalid", on) }
reason.addEventListener("input", counting)
$(".reasons").addEventListener("click", ({target}) => {
  if (target.matches("button")) { reason.value = target.textContent; counting(); reason.focus() }
})
$("[data-form=again]").addEventListener("submit", event => {
  event.preventDefault()
  if (!reason.value.trim()) { complain(true); reason.focus(); return }
  if (isLost()) return
  send({action: "again", reason: reason.value.trim(), snapshot_id: named("again")})
  reason.value = ""
  counting()
  $("#again").close()
})
$("[data-form=delete]").addEventListener("submit", event => {
  event.preventDefault()
  if (isLost()) return
  send({action: "delete", snapshot_id: named("delete")})
  $("#delete").close()
})
