import { createContext, useContext } from 'react';
import { chartWordsEn, chartWordsKo, type ChartWords } from './charts/words';
import { viewerWordsEn, viewerWordsKo, type ViewerWords } from './viewer/words';
import { virtualWordsEn, virtualWordsKo, type VirtualWords } from './virtual/words';

/** Text of the charts, the viewer and the long lists, which come with both languages. */
export interface PartWords {
  charts: ChartWords;
  viewer: ViewerWords;
  virtual: VirtualWords;
}

export const partWordsEn: PartWords = { charts: chartWordsEn, viewer: viewerWordsEn, virtual: virtualWordsEn };
export const partWordsKo: PartWords = { charts: chartWordsKo, viewer: viewerWordsKo, virtual: virtualWordsKo };

const Words = createContext<PartWords>(partWordsEn);

/** Put around the application with the words of its language. */
export const PartWordsProvider = Words.Provider;

export const usePartWords = (): PartWords => useContext(Words);
