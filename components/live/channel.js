/** The page's side of its connection: its state, and messages to the session. */

/**
 * `none` on pages that are not live; `connecting` until the first session; then `on`, `paused` or `lost`.
 *
 * @typedef {"none" | "connecting" | "on" | "paused" | "lost"} ConnectionState
 */

/** @returns {ConnectionState} */
export const connectionState = () => /** @type {ConnectionState} */ (document.documentElement.dataset.live ?? "none")

/**
 * Set the state, which the page's styles show.
 *
 * @param {ConnectionState} state
 */
export function setConnectionState(state) {
  document.documentElement.dataset.live = state
}

export const isLive = () => ["on", "paused"].includes(connectionState())
export const isOffline = () => connectionState() === "lost"

/**
 * Send a message to the page's session.
 *
 * @param {{action: string, [key: string]: unknown}} message
 */
export function send(message) {
  document.dispatchEvent(new CustomEvent("live:send", {detail: message}))
}

/** @typedef {"done" | "unsent" | {error: string}} Outcome `error`: why the server has refused, as a sentence. */

let lastRequest = 0

/**
 * Send a message that changes something, and wait for its outcome.
 *
 * @param {{action: string, [key: string]: unknown}} message
 * @returns {Promise<Outcome>} `unsent` if the page is not live, or lost the connection before the answer. The request may
 *   have been done then.
 */
export function ask(message) {
  if (!isLive()) return Promise.resolve("unsent")
  lastRequest += 1
  const request = lastRequest
  const listening = new AbortController()
  return new Promise(resolve => {
    const finish = (/** @type {Outcome} */ outcome) => {
      listening.abort()
      resolve(outcome)
    }
    const {signal} = listening
    onLive(
      "live:answer",
      (/** @type {{request: number, error: string}} */ answer) => {
        if (answer.request === request) finish(answer.error ? {error: answer.error} : "done")
      },
      {signal},
    )
    onLive("live:offline", () => finish("unsent"), {signal})
    send({...message, request})
  })
}

/**
 * Call a handler with the detail of each event of the live component (component.js).
 *
 * @template T
 * @param {string} name
 * @param {(detail: T) => void} handler
 * @param {AddEventListenerOptions} [options]
 */
export function onLive(name, handler, options) {
  document.addEventListener(name, event => handler(/** @type {CustomEvent<T>} */ (event).detail), options)
}
