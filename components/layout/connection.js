// The line to the server: whether it holds, what is said when it does not, and how the page comes back. What is shown follows from the
// address; what only this page knows goes through the session storage.
import {$, isLive, announce, send, t} from "./dom.js"

const root = document.documentElement
const {prefix, heartbeat} = document.body.dataset
const HEARTBEAT_MS = 1000 * heartbeat, SLEEP_TOLERANCE_MS = 2000, READY_TIMEOUT_MS = 5000, RETRY_MS = 1000, MAX_BACKOFF_STEPS = 6, NOTICE_MS = 8000
const ATTEMPTS_KEY = "connection-attempts", SAVED_STATE_KEY = "connection-state"
const TIME_FORMAT = {hour: "2-digit", minute: "2-digit", timeZone: "Europe/Oslo"}
let wasLive = false

// ── does it hold? A line can end without a word: so it is asked, every so often, and must answer ──
let hasPong = true, pongDue = 0, pingTimer = 0
function ping() {
  clearTimeout(pingTimer)
  if (!isLive()) return
  hasPong = false
  pongDue = Date.now() + HEARTBEAT_MS
  pingTimer = setTimeout(checkPong, HEARTBEAT_MS)
  send({action: "ping"})
}
/** One that comes late has slept: what was sent meanwhile may not have been read yet. */
function checkPong() {
  if (hasPong || Date.now() > pongDue + SLEEP_TOLERANCE_MS) ping(); else onConnectionLost()
}
for (const name of ["live:pong", "live:regions"]) document.addEventListener(name, () => { hasPong = true })
document.addEventListener("visibilitychange", () => { if (!document.hidden) ping() })
addEventListener("online", ping)
document.addEventListener("live:lost", () => onConnectionLost())
// Where the machine or the network is slow, it gets more time at each try.
const tries = Number(sessionStorage.getItem(ATTEMPTS_KEY))
addEventListener("load", () => setTimeout(() => { if (root.dataset.live === "connecting") onConnectionLost() }, 2 * HEARTBEAT_MS * 2 ** tries))
document.addEventListener("live:on", () => {
  wasLive = true
  sessionStorage.removeItem(ATTEMPTS_KEY)
  clearTimeout(reconnectTimer)
  $("#lost").hidden = true
  ping()
})

// ── lost: said, and asked for until the server can serve. A page that has never been live asks less and less often ──
let reconnectTimer = 0
function onConnectionLost() {
  if (root.dataset.live === "lost") return
  root.dataset.live = "lost"
  if ($("#back").hidden) missedChanges = []
  $("#back").hidden = $("#waiting").hidden = true
  const lost = $("#lost"), time = new Intl.DateTimeFormat(root.lang, TIME_FORMAT).format(new Date())
  $("p", lost).textContent = t("live.offline_since", {time})
  lost.hidden = false
  if (!wasLive) sessionStorage.setItem(ATTEMPTS_KEY, Math.min(tries + 1, MAX_BACKOFF_STEPS))
  // Not all at the same moment, where a process with many pages has died.
  reconnectTimer = setTimeout(tryReconnect, (wasLive ? RETRY_MS : RETRY_MS * 2 ** tries) * (1 + Math.random()) / 2)
}

async function isServerReady() {
  try {
    return (await fetch(`${prefix}/readyz`, {cache: "no-store", signal: AbortSignal.timeout(READY_TIMEOUT_MS)})).ok
  } catch { return false }
}

const mayReload = () => !$("dialog[open]:not([data-survives-reload])") && document.dispatchEvent(new CustomEvent("live:before-reload", {cancelable: true}))

/** As soon as the server can serve; not under an open dialog, where somebody is writing, nor while somebody would lose something. */
async function tryReconnect() {
  clearTimeout(reconnectTimer)
  const can = await isServerReady()
  if (root.dataset.live !== "lost") return
  if (can && mayReload()) {
    // One that has not been live itself hands on what the one before it has left.
    sessionStorage.setItem(SAVED_STATE_KEY, JSON.stringify(wasLive ? {address: location.href, missedChanges, ...saveState()} : savedState))
    location.reload()
  } else {
    clearTimeout(reconnectTimer)
    reconnectTimer = setTimeout(tryReconnect, RETRY_MS)
  }
}
document.addEventListener("click", event => { if (event.target.closest("[data-action=reload]")) tryReconnect() })

// ── back again ──
const savedState = JSON.parse(sessionStorage.getItem(SAVED_STATE_KEY))
sessionStorage.removeItem(SAVED_STATE_KEY)
/** What the page held when the line was lost, where this is the same page come back; else null. */
export const restoredState = savedState?.address === location.href ? savedState : null
let saveState = () => ({})
/** What a view wants back then. */
export const setStateSaver = saver => { saveState = saver }
let missedChanges = []
/** Says what was missed, and offers to show it, when the page is live again: not before all of it is here. With what stood there already, if
    it is lost again soon. */
export function announceReconnect(findMissed, sentenceFor) {
  document.addEventListener("live:on", () => {
    const back = $("#back")
    missedChanges = [...new Set([...restoredState.missedChanges, ...findMissed()])]
    $("p", back).textContent = sentenceFor(missedChanges.length)
    $("button", back).hidden = missedChanges.length === 0
    back.hidden = false
    if (missedChanges.length === 0) setTimeout(() => { back.hidden = true }, NOTICE_MS)
    announce(sentenceFor(missedChanges.length))
  }, {once: true})
}
