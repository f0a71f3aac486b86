/**
 * The connection to the server: whether it holds, what the page says while it does not, and how the page comes back.
 *
 * A page comes back by reloading: what it shows follows from its address, and what only the browser knows (open rows, marks
 * of changes) is handed on through the session storage.
 */

import {connectionState, isLive, onLive, send, setConnectionState} from "../live/channel.js"
import {$, actionOf, announce, find, t} from "./dom.js"
import {watchFirstConnection} from "./first-connection.js"
import {isServerReady} from "./server-readiness.js"
import {session} from "./storage.js"

/**
 * @typedef {object} SavedState
 * @property {string} address The URL of the page that was left.
 * @property {string[]} missedChanges The ids of what had changed while it was offline.
 */
/** @typedef {SavedState & Record<string, any>} RestoredState */
/** @typedef {ReturnType<typeof setTimeout>} Timer */

const {heartbeat} = document.body.dataset
const HEARTBEAT_MS = 1000 * Number(heartbeat)
const SLEEP_TOLERANCE_MS = 2000
const RETRY_MS = 1000
const PENDING_RETRY_MS = 4000
const MAX_BACKOFF_STEPS = 6
const BACKOFF_STEPS_WITHOUT_STORAGE = 3
const NOTICE_MS = 8000
const ATTEMPTS_KEY = "connection-attempts"
const SAVED_STATE_KEY = "connection-state"

document.documentElement.dataset.watched = "" // base.html reloads a page that is not

let wasLive = false
let isIncomplete = false

// ── The heartbeat: a connection can end without an event, so the session must answer a ping at intervals. ──

let hasPong = true
let pongDue = 0
/** @type {Timer | undefined} */
let pingTimer

function ping() {
  clearTimeout(pingTimer)
  if (!isLive()) return
  hasPong = false
  pongDue = Date.now() + HEARTBEAT_MS
  pingTimer = setTimeout(checkPong, HEARTBEAT_MS)
  send({action: "ping"})
}

function checkPong() {
  // A timer that fires late has slept, and the answer may not have been read yet.
  if (hasPong || Date.now() > pongDue + SLEEP_TOLERANCE_MS) ping()
  else onConnectionLost()
}

for (const name of ["live:pong", "live:regions"]) {
  onLive(name, () => {
    hasPong = true
  })
}
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) ping()
})
addEventListener("online", ping)
onLive("live:lost", () => onConnectionLost())

// ── The first connection. Each attempt that fails gives the machine and the network twice the time at the next one. ──

const attempts = previousAttempts()
const backoff = 2 ** attempts

function previousAttempts() {
  if (session.isPersistent) return Number(session.get(ATTEMPTS_KEY))
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"))
  return navigation?.type === "reload" ? BACKOFF_STEPS_WITHOUT_STORAGE : 0
}

watchFirstConnection({
  onFailed: () => onConnectionLost(),
  onSilent: () => onConnectionLost(PENDING_RETRY_MS),
  onOpen() {
    if (!wasLive && !isIncomplete && connectionState() === "lost") showConnecting()
  },
  onScriptFailed() {
    isIncomplete = true
    onConnectionLost()
  },
})

/** Take back that the connection is lost: it was only slow. */
function showConnecting() {
  clearTimeout(reconnectTimer)
  setConnectionState("connecting")
  $("#lost").hidden = true
}

// The session is expected by then, on however slow a machine.
addEventListener("load", () => {
  setTimeout(
    () => {
      if (connectionState() === "connecting") onConnectionLost()
    },
    2 * HEARTBEAT_MS * backoff,
  )
})

// Registered before the listeners of other scripts, which ask whether the page is live.
onLive("live:on", () => {
  wasLive = true
  setConnectionState("on")
  if (isIncomplete) return
  session.remove(ATTEMPTS_KEY)
  clearTimeout(reconnectTimer)
  $("#lost").hidden = true
  ping()
})

// ── Lost: the page says so, and reloads as soon as the server is ready. ──

/** @type {Timer | undefined} */
let reconnectTimer

/**
 * Show that the page is offline, and schedule the first attempt to come back.
 *
 * @param {number} retryMs The longest time until then on a page that was live; a page that never was backs off from it.
 */
function onConnectionLost(retryMs = RETRY_MS) {
  if (connectionState() !== "lost") showOffline()
  if (!wasLive) session.set(ATTEMPTS_KEY, `${Math.min(attempts + 1, MAX_BACKOFF_STEPS)}`)
  // The pages of a process that has died do not all come back at the same moment.
  const jitter = (1 + Math.random()) / 2
  clearTimeout(reconnectTimer)
  reconnectTimer = setTimeout(tryReconnect, (wasLive ? retryMs : retryMs * backoff) * jitter)
}

function showOffline() {
  setConnectionState("lost")
  document.dispatchEvent(new CustomEvent("live:offline"))
  if ($("#back").hidden) missedChanges = []
  $("#back").hidden = true
  $("#waiting").hidden = true
  const time = new Intl.DateTimeFormat(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    timeZone: "Europe/Oslo",
  }).format(new Date())
  const sentence = $("#lost p")
  sentence.textContent = t(sentence.dataset.text ?? "live.offline_since", {time})
  $("#lost").hidden = false
}

/** Not under an open dialog that would be gone, nor when a part of the page would lose something. */
const mayReload = () =>
  !find("dialog[open]:not([data-survives-reload])") &&
  document.dispatchEvent(new CustomEvent("live:before-reload", {cancelable: true}))

/** Reload the page if the server is ready and nothing would be lost; else try again in a while. */
async function tryReconnect() {
  clearTimeout(reconnectTimer)
  const isReady = await isServerReady()
  if (connectionState() !== "lost" && !isIncomplete) return
  clearTimeout(reconnectTimer)
  if (!isReady || !mayReload()) {
    reconnectTimer = setTimeout(tryReconnect, RETRY_MS)
    return
  }
  // A page that was never live, or without all of its scripts, hands on what it was given.
  const state = wasLive && !isIncomplete ? {address: location.href, missedChanges, ...saveState()} : savedState
  session.set(SAVED_STATE_KEY, JSON.stringify(state))
  location.reload()
}

document.addEventListener("click", event => {
  if (actionOf(event) === "reload") tryReconnect()
})

// ── Back again ──

/** @type {RestoredState | null} */
const savedState = JSON.parse(session.take(SAVED_STATE_KEY) ?? "null")

/**
 * What the page saved before it was reloaded. Null if it was not, or has another address now.
 *
 * @type {RestoredState | null}
 */
export const restoredState = savedState?.address === location.href ? savedState : null

let saveState = () => ({})

/**
 * Set what a view wants to find in `restoredState` when the page has come back.
 *
 * @param {() => Record<string, unknown>} saver
 */
export function setStateSaver(saver) {
  saveState = saver
}

/** @type {string[]} */
let missedChanges = []

/**
 * Say what was missed, and offer to show it, once the page is live again and up to date.
 *
 * If the connection was lost before the user had seen what was missed then, both are counted.
 *
 * @param {() => string[]} findMissed Returns the ids of what has changed since `restoredState` was saved.
 * @param {(count: number) => string} sentenceFor
 */
export function announceReconnect(findMissed, sentenceFor) {
  const show = () => {
    const notice = $("#back")
    missedChanges = [...new Set([...(restoredState?.missedChanges ?? []), ...findMissed()])]
    const sentence = sentenceFor(missedChanges.length)
    $("p", notice).textContent = sentence
    $("button", notice).hidden = missedChanges.length === 0
    notice.hidden = false
    announce(sentence)
    if (missedChanges.length === 0) {
      setTimeout(() => {
        notice.hidden = true
      }, NOTICE_MS)
    }
  }
  onLive("live:on", show, {once: true})
}
