import { defineWords } from '../app/words';

/** Texts of the filters of a job's log, which the server applies. */
export const logWords = defineWords({
  en: {
    find: 'Only lines that contain', findHint: 'The server searches the whole log, regardless of case.', level: 'Levels', allLevels: 'All levels', warnings: 'Warnings and errors', errors: 'Errors only', attempt: 'Attempt', allAttempts: 'All attempts', attemptNumber: (attempt: string) => `Attempt ${attempt}`,
    found: (count: string, more: boolean) => `${more ? 'The last ' : ''}${count === '1' ? '1 line' : `${count} lines`}${more ? '; scroll up for more' : ''}`, none: 'No line of the log matches', noneText: 'The whole log was searched.', clear: 'Clear filters',
  },
  ko: {
    find: '포함된 줄만 보기', findHint: '서버가 대소문자 구분 없이 로그 전체를 검색합니다.', level: '수준', allLevels: '모든 수준', warnings: '경고와 오류', errors: '오류만', attempt: '시도', allAttempts: '모든 시도', attemptNumber: (attempt: string) => `${attempt}번째 시도`,
    found: (count: string, more: boolean) => (more ? `마지막 ${count}줄, 위로 스크롤하면 더 보기` : `${count}줄`), none: '일치하는 줄이 없습니다', noneText: '로그 전체를 검색했습니다.', clear: '필터 지우기',
  },
});
