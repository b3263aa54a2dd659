import type { CurveFacts } from './curves';
import { number } from './numbers';

/** Text of the charts. */
export interface ChartWords {
  epoch: string;
  linear: string;
  logarithmic: string;
  scale: string;
  smoothing: string;
  resetZoom: string;
  showTable: string;
  showChart: string;
  noData: string;
  discarded: string;
  hideSeries: (label: string) => string;
  showSeries: (label: string) => string;
  notANumber: (label: string, epochs: string) => string;
  infinite: (label: string, epochs: string) => string;
  notOnLog: (label: string) => string;
  summary: (title: string, facts: readonly CurveFacts[]) => string;
  trueClass: string;
  predictedClass: string;
  byRow: string;
  count: string;
  confusionCell: (truth: string, predicted: string, count: number, share: string) => string;
  confusionTotal: (images: string, right: string) => string;
  background: string;
  precision: string;
  recall: string;
  averagePrecision: string;
  from: string;
  to: string;
  items: string;
  brushHelp: string;
  clearBrushes: string;
  selectedRuns: (shown: number, all: number) => string;
  range: (axis: string) => string;
  lines: string;
}

const fact = (f: CurveFacts, none: string, text: (last: string, x: string, min: string, minX: string, max: string, maxX: string) => string) =>
  f.last === null ? `${f.label}: ${none}` : `${f.label}: ${text(number(f.last), `${f.lastX}`, number(f.min!), `${f.minX}`, number(f.max!), `${f.maxX}`)}`;

export const chartWordsEn: ChartWords = {
  epoch: 'Epoch',
  linear: 'Linear',
  logarithmic: 'Log',
  scale: 'Scale',
  smoothing: 'Smoothing',
  resetZoom: 'Reset zoom',
  showTable: 'Show as table',
  showChart: 'Show as chart',
  noData: 'No values yet',
  discarded: 'discarded',
  hideSeries: label => `Hide ${label}`,
  showSeries: label => `Show ${label}`,
  notANumber: (label, epochs) => `${label}: not a number at epoch ${epochs}`,
  infinite: (label, epochs) => `${label}: infinite at epoch ${epochs}`,
  notOnLog: label => `${label} has values of zero or below, which a log scale cannot show`,
  summary: (title, facts) =>
    `${title}. ${facts.map(f => fact(f, 'no values', (last, x, min, minX, max, maxX) => `last ${last} at epoch ${x}, lowest ${min} at ${minX}, highest ${max} at ${maxX}`)).join('. ')}.`,
  trueClass: 'True class',
  predictedClass: 'Predicted class',
  byRow: 'Share of row',
  count: 'Count',
  confusionCell: (truth, predicted, count, share) => `True ${truth}, predicted ${predicted}: ${count} (${share} of the row)`,
  confusionTotal: (images, right) => `${images} in total, ${right} on the diagonal`,
  background: 'background',
  precision: 'Precision',
  recall: 'Recall',
  averagePrecision: 'AP',
  from: 'From',
  to: 'To',
  items: 'Count',
  brushHelp: 'Drag along an axis to keep the runs in that range',
  clearBrushes: 'Clear ranges',
  selectedRuns: (shown, all) => `${shown} of ${all} runs`,
  range: axis => `Range of ${axis}`,
  lines: 'Runs',
};

export const chartWordsKo: ChartWords = {
  epoch: '에폭',
  linear: '선형',
  logarithmic: '로그',
  scale: '눈금',
  smoothing: '평활화',
  resetZoom: '확대 초기화',
  showTable: '표로 보기',
  showChart: '차트로 보기',
  noData: '아직 값이 없습니다',
  discarded: '폐기됨',
  hideSeries: label => `${label} 숨기기`,
  showSeries: label => `${label} 표시`,
  notANumber: (label, epochs) => `${label}: 에폭 ${epochs}에서 숫자가 아님(NaN)`,
  infinite: (label, epochs) => `${label}: 에폭 ${epochs}에서 무한대`,
  notOnLog: label => `${label}에 로그 눈금으로 나타낼 수 없는 0 이하의 값이 있습니다`,
  summary: (title, facts) =>
    `${title}. ${facts.map(f => fact(f, '값 없음', (last, x, min, minX, max, maxX) => `마지막 ${last} (에폭 ${x}), 최저 ${min} (에폭 ${minX}), 최고 ${max} (에폭 ${maxX})`)).join('. ')}.`,
  trueClass: '실제 클래스',
  predictedClass: '예측 클래스',
  byRow: '행 비율',
  count: '개수',
  confusionCell: (truth, predicted, count, share) => `실제 ${truth}, 예측 ${predicted}: ${count} (행의 ${share})`,
  confusionTotal: (images, right) => `전체 ${images}, 대각선 ${right}`,
  background: '배경',
  precision: '정밀도',
  recall: '재현율',
  averagePrecision: 'AP',
  from: '시작',
  to: '끝',
  items: '개수',
  brushHelp: '축을 따라 끌면 그 범위의 실행만 남습니다',
  clearBrushes: '범위 지우기',
  selectedRuns: (shown, all) => `실행 ${all}개 중 ${shown}개`,
  range: axis => `${axis} 범위`,
  lines: '실행',
};
