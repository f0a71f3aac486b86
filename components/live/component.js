/**
 * The browser's side of `LiveComponent` (component.py): it carries regions and messages between the page and its session.
 *
 * It is loaded by Panel and cannot import the page's scripts. They exchange events with it on the document: it sends
 * `live:on`, `live:regions`, `live:pong` (the answer to `ping`), `live:answer` (the outcome of a request) and `live:lost`;
 * what the page sends as `live:send` goes to the view's Python.
 *
 * @param {{model: any}} panel `model` is Panel's proxy of the component's parameters.
 */
export function render({model}) {
  const emit = (/** @type {string} */ name, /** @type {unknown} */ detail = undefined) =>
    document.dispatchEvent(new CustomEvent(name, {detail}))
  const emitRegions = () => emit("live:regions", model.regions)
  model.on("regions", emitRegions)
  model.on("pong", () => emit("live:pong"))
  model.on("answer", () => emit("live:answer", model.answer))
  document.addEventListener("live:send", event => model.send_msg(/** @type {CustomEvent} */ (event).detail))
  if (Object.keys(model.regions).length > 0) emitRegions() // what has changed since the page was rendered
  model.send_msg({action: "ready"})
  emit("live:on")
  model.document.on_event("connection_lost", () => emit("live:lost"))
}
