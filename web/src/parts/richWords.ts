import { useLanguage } from '../app/words';
import { chartWordsEn, chartWordsKo, type ChartWords } from './charts/words';
import { viewerWordsEn, viewerWordsKo, type ViewerWords } from './viewer/words';
import { virtualWordsEn, virtualWordsKo, type VirtualWords } from './virtual/words';

/** Text of the charts, the viewer and the long lists, which are loaded when a screen needs them. */
export interface PartWords {
  charts: ChartWords;
  viewer: ViewerWords;
  virtual: VirtualWords;
}

const en: PartWords = { charts: chartWordsEn, viewer: viewerWordsEn, virtual: virtualWordsEn };
const ko: PartWords = { charts: chartWordsKo, viewer: viewerWordsKo, virtual: virtualWordsKo };

export const usePartWords = (): PartWords => (useLanguage() === 'ko' ? ko : en);
