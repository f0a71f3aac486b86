/** The figures: the session draws them once the page is live, again in other colours, and moves along them. */

import {onThemeChange, placeCharts, requestCharts} from "../interaction/charts.js"
import {closest, targetOf} from "../layout/dom.js"
import {isLive, onLive, send} from "../live/channel.js"

const COLORS = {
  bar: "neutral-border-subtle",
  now: "accent-base-default",
  text: "neutral-text-default",
  sub: "neutral-text-subtle",
  line: "neutral-border-subtle",
  band: "neutral-surface-default",
  line0: "info-text-subtle",
  line1: "warning-text-subtle",
  line2: "success-text-subtle",
  line3: "brand3-text-subtle",
}

function requestFigures() {
  if (isLive()) requestCharts({action: "figures"}, COLORS)
}

document.addEventListener("click", event => {
  const step = closest("[data-zoom]", targetOf(event))?.dataset.zoom
  if (step) send({action: "zoom", step})
})

placeCharts()
onThemeChange(requestFigures)
onLive("live:on", requestFigures)
