// The line to the server: whether it holds, what is said when it does not, and how the page comes back. What is shown follows from the
// address; what only this page knows goes through the session storage.
import {$, isLive, say, send, text} from "./dom.js"

const root = document.documentElement
const {prefix, beat} = document.body.dataset
const BEAT_MS = 1000 * beat, SLEPT_MS = 2000, ANSWER_MS = 5000, AGAIN_MS = 1000, MANY = 6, GREETING_MS = 8000
const TRIES = "line-tries", LEFT = "line-left"
const SHOWN = {hour: "2-digit", minute: "2-digit", timeZone: "Europe/Oslo"}
let wasLive = false

// ── does it hold? A line can end without a word: so it is asked, every so often, and must answer ──
let heard = true, due = 0, timer = 0
function ask() {
  clearTimeout(timer)
  if (!isLive()) return
  heard = false
  due = Date.now() + BEAT_MS
  timer = setTimeout(check, BEAT_MS)
  send({action: "ping"})
}
/** One that comes late has slept: what was sent meanwhile may not have been read yet. */
function check() {
  if (heard || Date.now() > due + SLEPT_MS) ask(); else lose()
}
for (const name of ["live:heard", "live:regions"]) document.addEventListener(name, () => { heard = true })
document.addEventListener("visibilitychange", () => { if (!document.hidden) ask() })
addEventListener("online", ask)
document.addEventListener("live:lost", () => lose())
// Where the machine or the network is slow, it gets more time at each try.
const tries = Number(sessionStorage.getItem(TRIES))
addEventListener("load", () => setTimeout(() => { if (root.dataset.live === "connecting") lose() }, 2 * BEAT_MS * 2 ** tries))
document.addEventListener("live:on", () => {
  wasLive = true
  sessionStorage.removeItem(TRIES)
  clearTimeout(asking)
  $("#lost").hidden = true
  ask()
})

// ── lost: said, and asked for until the server can serve. A page that has never been live asks less and less often ──
let asking = 0
function lose() {
  if (root.dataset.live === "lost") return
  root.dataset.live = "lost"
  if ($("#back").hidden) told = []
  $("#back").hidden = $("#waiting").hidden = true
  const lost = $("#lost"), time = new Intl.DateTimeFormat(root.lang, SHOWN).format(new Date())
  $("p", lost).textContent = text("live.offline_since", {time})
  lost.hidden = false
  if (!wasLive) sessionStorage.setItem(TRIES, Math.min(tries + 1, MANY))
  // Not all at the same moment, where a process with many pages has died.
  asking = setTimeout(comeBack, (wasLive ? AGAIN_MS : AGAIN_MS * 2 ** tries) * (1 + Math.random()) / 2)
}

async function canServe() {
  try {
    return (await fetch(`${prefix}/readyz`, {cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS)})).ok
  } catch { return false }
}

const mayLeave = () => !$("dialog[open]:not([data-rests])") && document.dispatchEvent(new CustomEvent("live:leaving", {cancelable: true}))

/** As soon as the server can serve; not under an open dialog, where somebody is writing, nor while somebody would lose something. */
async function comeBack() {
  clearTimeout(asking)
  const can = await canServe()
  if (root.dataset.live !== "lost") return
  if (can && mayLeave()) {
    // One that has not been live itself hands on what the one before it has left.
    sessionStorage.setItem(LEFT, JSON.stringify(wasLive ? {address: location.href, told, ...leaving()} : left))
    location.reload()
  } else {
    clearTimeout(asking)
    asking = setTimeout(comeBack, AGAIN_MS)
  }
}
document.addEventListener("click", event => { if (event.target.closest("[data-do=reload]")) comeBack() })

// ── back again ──
const left = JSON.parse(sessionStorage.getItem(LEFT))
sessionStorage.removeItem(LEFT)
/** What the page held when the line was lost, where this is the same page come back; else null. */
export const held = left?.address === location.href ? left : null
let leaving = () => ({})
/** What a view wants back then. */
export const leaveBy = own => { leaving = own }
let told = []
/** Says what was missed, and offers to show it, when the page is live again: not before all of it is here. With what stood there already, if
    it is lost again soon. */
export function greet(missed, words) {
  document.addEventListener("live:on", () => {
    const back = $("#back")
    told = [...new Set([...held.told, ...missed()])]
    $("p", back).textContent = words(told.length)
    $("button", back).hidden = told.length === 0
    back.hidden = false
    if (told.length === 0) setTimeout(() => { back.hidden = true }, GREETING_MS)
    say(words(told.length))
  }, {once: true})
}
