// The page's line to its session. All else is in page.js and line.js, which hear of it by events: `live:on`, `live:regions`, `live:heard`
// (the answer to `ping`), `live:lost`; what it sends as `live:send` goes to the view's Python.
export function render({model}) {
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}))
  const show = () => tell("live:regions", model.regions)
  model.on("regions", show)
  model.on("pong", () => tell("live:heard"))
  document.addEventListener("live:send", event => model.send_msg(event.detail))
  if (Object.keys(model.regions).length > 0) show()   // what changed between page and connection
  model.send_msg({action: "ready"})
  tell("live:on")
  model.document.on_event("connection_lost", () => tell("live:lost"))
}
