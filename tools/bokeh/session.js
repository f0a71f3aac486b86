/** What a page needs of BokehJS to be live: its core, without any model of plots. */

export {documents} from "@bokeh/bokehjs/build/js/lib/document/index.js"
export {embed_items} from "@bokeh/bokehjs/build/js/lib/embed/index.js"
