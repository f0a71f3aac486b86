/**
 * The models of BokehJS that the charts consist of, beside its core: those that components/field/figures.py and
 * components/history/chart.py name, and those that Bokeh's `figure` makes for them.
 */

import {register_models} from "@bokeh/bokehjs/build/js/lib/base.js"
import {AreaVisuals} from "@bokeh/bokehjs/build/js/lib/models/annotations/area_visuals.js"
import {BoxAnnotation, BoxInteractionHandles} from "@bokeh/bokehjs/build/js/lib/models/annotations/box_annotation.js"
import {Span} from "@bokeh/bokehjs/build/js/lib/models/annotations/span.js"
import {Title} from "@bokeh/bokehjs/build/js/lib/models/annotations/title.js"
import {CategoricalAxis} from "@bokeh/bokehjs/build/js/lib/models/axes/categorical_axis.js"
import {LinearAxis} from "@bokeh/bokehjs/build/js/lib/models/axes/linear_axis.js"
import {Node} from "@bokeh/bokehjs/build/js/lib/models/coordinates/node.js"
import {AllIndices} from "@bokeh/bokehjs/build/js/lib/models/filters/all_indices.js"
import {BasicTickFormatter} from "@bokeh/bokehjs/build/js/lib/models/formatters/basic_tick_formatter.js"
import {CategoricalTickFormatter} from "@bokeh/bokehjs/build/js/lib/models/formatters/categorical_tick_formatter.js"
import {MultiLine} from "@bokeh/bokehjs/build/js/lib/models/glyphs/multi_line.js"
import {Scatter} from "@bokeh/bokehjs/build/js/lib/models/glyphs/scatter.js"
import {Text} from "@bokeh/bokehjs/build/js/lib/models/glyphs/text.js"
import {VBar} from "@bokeh/bokehjs/build/js/lib/models/glyphs/vbar.js"
import {Grid} from "@bokeh/bokehjs/build/js/lib/models/grids/grid.js"
import {Figure} from "@bokeh/bokehjs/build/js/lib/models/plots/figure.js"
import {AllLabels, NoOverlap} from "@bokeh/bokehjs/build/js/lib/models/policies/labeling.js"
import {FactorRange} from "@bokeh/bokehjs/build/js/lib/models/ranges/factor_range.js"
import {Range1d} from "@bokeh/bokehjs/build/js/lib/models/ranges/range1d.js"
import {GlyphRenderer} from "@bokeh/bokehjs/build/js/lib/models/renderers/glyph_renderer.js"
import {CategoricalScale} from "@bokeh/bokehjs/build/js/lib/models/scales/categorical_scale.js"
import {LinearScale} from "@bokeh/bokehjs/build/js/lib/models/scales/linear_scale.js"
import {UnionRenderers} from "@bokeh/bokehjs/build/js/lib/models/selections/interaction_policy.js"
import {Selection} from "@bokeh/bokehjs/build/js/lib/models/selections/selection.js"
import {CDSView} from "@bokeh/bokehjs/build/js/lib/models/sources/cds_view.js"
import {ColumnDataSource} from "@bokeh/bokehjs/build/js/lib/models/sources/column_data_source.js"
import {BasicTicker} from "@bokeh/bokehjs/build/js/lib/models/tickers/basic_ticker.js"
import {CategoricalTicker} from "@bokeh/bokehjs/build/js/lib/models/tickers/categorical_ticker.js"
import {FixedTicker} from "@bokeh/bokehjs/build/js/lib/models/tickers/fixed_ticker.js"
import {PanTool} from "@bokeh/bokehjs/build/js/lib/models/tools/gestures/pan_tool.js"
import {CrosshairTool} from "@bokeh/bokehjs/build/js/lib/models/tools/inspectors/crosshair_tool.js"
import {HoverTool} from "@bokeh/bokehjs/build/js/lib/models/tools/inspectors/hover_tool.js"
import {Toolbar} from "@bokeh/bokehjs/build/js/lib/models/tools/toolbar.js"

register_models({
  AllIndices,
  AllLabels,
  AreaVisuals,
  BasicTickFormatter,
  BasicTicker,
  BoxAnnotation,
  BoxInteractionHandles,
  CDSView,
  CategoricalAxis,
  CategoricalScale,
  CategoricalTickFormatter,
  CategoricalTicker,
  ColumnDataSource,
  CrosshairTool,
  FactorRange,
  Figure,
  FixedTicker,
  GlyphRenderer,
  Grid,
  HoverTool,
  LinearAxis,
  LinearScale,
  MultiLine,
  NoOverlap,
  Node,
  PanTool,
  Range1d,
  Scatter,
  Selection,
  Span,
  Text,
  Title,
  Toolbar,
  UnionRenderers,
  VBar,
})
