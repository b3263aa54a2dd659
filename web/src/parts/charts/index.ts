export { attemptsAsCurve, metricGroups, metricNames, readValue, type AttemptStart, type Curve, type EpochRow, type Points } from './curves';
export { BarList, Histogram, type Bar } from './Bars';
export { ConfusionMatrix } from './ConfusionMatrix';
export { CurveChart } from './CurveChart';
export { ParallelCoordinates } from './ParallelCoordinates';
export { type Run } from './parallel';
export { PrecisionRecall, recallCurves, type RecallCurve } from './PrecisionRecall';
export { SmoothingControl } from './SmoothingControl';
export { Sparkline } from './Sparkline';
