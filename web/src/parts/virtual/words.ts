import { count } from '../charts/numbers';

/** Text of the long lists. */
export interface VirtualWords {
  selected: (selected: number) => string;
  loadFailed: string;
  retry: string;
  empty: string;
  noImage: string;
  log: string;
  levels: string;
  levelNames: { debug: string; info: string; warning: string; error: string };
  search: string;
  noMatch: string;
  match: (index: number, all: number) => string;
  nextMatch: string;
  previousMatch: string;
  newLines: (lines: number) => string;
  follow: string;
  wrap: string;
  copy: string;
  copied: string;
  download: string;
  noLines: string;
  noLinesMatch: string;
  shownLines: (shown: number, all: number) => string;
  columns: string;
  actions: string;
  sortBy: (column: string) => string;
  loading: string;
}

export const virtualWordsEn: VirtualWords = {
  selected: n => `${count(n)} selected`,
  loadFailed: 'This part could not be loaded',
  retry: 'Try again',
  empty: 'Nothing here yet',
  noImage: 'No preview',
  log: 'Log',
  levels: 'Levels',
  levelNames: { debug: 'Debug', info: 'Info', warning: 'Warning', error: 'Error' },
  search: 'Search the log',
  noMatch: 'No match',
  match: (index, all) => `${count(index)} of ${count(all)}`,
  nextMatch: 'Next match',
  previousMatch: 'Previous match',
  newLines: lines => (lines === 1 ? '1 new line' : `${count(lines)} new lines`),
  follow: 'Follow',
  wrap: 'Wrap lines',
  copy: 'Copy',
  copied: 'Copied',
  download: 'Download',
  noLines: 'No lines yet',
  noLinesMatch: 'No line has these levels',
  shownLines: (shown, all) => (shown === all ? `${count(all)} lines` : `${count(shown)} of ${count(all)} lines`),
  columns: 'Columns',
  actions: 'Actions',
  sortBy: column => `Sort by ${column}`,
  loading: 'Loading',
};

export const virtualWordsKo: VirtualWords = {
  selected: n => `${count(n)}개 선택`,
  loadFailed: '이 부분을 불러오지 못했습니다',
  retry: '다시 시도',
  empty: '아직 아무것도 없습니다',
  noImage: '미리보기 없음',
  log: '로그',
  levels: '수준',
  levelNames: { debug: '디버그', info: '정보', warning: '경고', error: '오류' },
  search: '로그 검색',
  noMatch: '일치 없음',
  match: (index, all) => `${count(all)}개 중 ${count(index)}번째`,
  nextMatch: '다음 일치',
  previousMatch: '이전 일치',
  newLines: lines => `새 줄 ${count(lines)}개`,
  follow: '따라가기',
  wrap: '줄 바꿈',
  copy: '복사',
  copied: '복사됨',
  download: '내려받기',
  noLines: '아직 줄이 없습니다',
  noLinesMatch: '이 수준의 줄이 없습니다',
  shownLines: (shown, all) => (shown === all ? `${count(all)}줄` : `${count(all)}줄 중 ${count(shown)}줄`),
  columns: '열',
  actions: '작업',
  sortBy: column => `${column} 기준 정렬`,
  loading: '불러오는 중',
};
