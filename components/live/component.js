/**
 * The browser's side of `LiveComponent` (component.py): it carries regions and messages between the page and its session.
 *
 * It is the only script that knows Bokeh's session. The others exchange events with it on the document: it sends `live:on`,
 * `live:regions`, `live:pong` (the answer to `ping`), `live:answer` (the outcome of a request) and `live:lost`; what the
 * page sends as `live:send` goes to the view's Python.
 */

import {documents, embed_items} from "../vendor/bokeh-session.js"

/**
 * A property of a model: the signal that it has changed.
 *
 * @typedef {{change: {connect: (handler: () => void) => void}}} BokehProperty
 *
 * @typedef {object} LiveModel
 * @property {{regions: BokehProperty, answer: BokehProperty, pong: BokehProperty}} properties
 * @property {string} regions
 * @property {{request: number, error: string}} answer
 * @property {(values: {message: unknown}) => void} setv
 */

const emit = (/** @type {string} */ name, /** @type {unknown} */ detail = undefined) =>
  document.dispatchEvent(new CustomEvent(name, {detail}))

/**
 * Load the session of this page, and keep the page connected with it. If that fails, the WebSocket is closed, which
 * first-connection.js notices.
 *
 * @param {string} token
 */
async function connect(token) {
  await embed_items({}, [{token, roots: {}, root_ids: [], use_for_title: false}])
  const [session] = documents
  const model = /** @type {LiveModel | undefined} */ (/** @type {unknown} */ (session?.get_model_by_name("live")))
  if (session && model) join(session, model)
}

/**
 * @param {typeof documents[number]} session
 * @param {LiveModel} model
 */
function join(session, model) {
  let sent = 0
  const sendMessage = (/** @type {object} */ message) => {
    sent += 1
    model.setv({message: {...message, number: sent}}) // a value that equals the last one would not be sent
  }
  const emitRegions = () => {
    const regions = JSON.parse(model.regions)
    if (Object.keys(regions).length > 0) emit("live:regions", regions)
  }
  model.properties.regions.change.connect(emitRegions)
  model.properties.pong.change.connect(() => emit("live:pong"))
  model.properties.answer.change.connect(() => emit("live:answer", model.answer))
  document.addEventListener("live:send", event => sendMessage(/** @type {CustomEvent} */ (event).detail))
  emitRegions() // what has changed since the page was rendered
  sendMessage({action: "ready"})
  emit("live:on")
  session.on_event("connection_lost", () => emit("live:lost"))
}

const token = /** @type {HTMLElement | null} */ (document.querySelector("[data-session-token]"))?.dataset.sessionToken
if (token) connect(token)
