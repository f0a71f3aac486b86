// The page's line to its session. All else is in page.js and line.js, which hear of it by events: `live:on`, `live:regions`, `live:pong`
// (the answer to `ping`), `live:lost`; what it sends as `live:send` goes to the view's Python.
export function render({model}) {
  const emit = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}))
  const emitRegions = () => emit("live:regions", model.regions)
  model.on("regions", emitRegions)
  model.on("pong", () => emit("live:pong"))
  document.addEventListener("live:send", event => model.send_msg(event.detail))
  if (Object.keys(model.regions).length > 0) emitRegions()   // what changed between page and connection
  model.send_msg({action: "ready"})
  emit("live:on")
  model.document.on_event("connection_lost", () => emit("live:lost"))
}
