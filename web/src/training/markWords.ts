import { defineWords } from '../app/words';

/** Texts of what people say about a job: star, notes and tags. */
export const markWords = defineWords({
  en: {
    marks: 'Notes and tags', star: (name: string) => `Star ${name}`, noStar: 'A star needs the permission training:run.', allStars: 'Starred or not', onlyStarred: 'Starred', stars: 'Star', tag: 'Tag', allTags: 'All tags',
    tags: 'Tags', addTag: 'Add a tag', add: 'Add', removeTag: (tag: string) => `Remove the tag ${tag}`, jobsWithTag: (tag: string) => `Show jobs with the tag ${tag}`, noTags: 'No tags', badTag: 'A tag has at most 50 characters and is there once; a job has at most 20.',
    notes: 'Notes', noNotes: 'No notes', edit: 'Edit notes', write: 'Write notes', save: 'Save', cancel: 'Cancel', notesHint: 'Everybody in the project reads them. The list of jobs searches in them.', saved: 'The notes are saved.', kept: 'The checkpoints of a starred job are kept.',
  },
  ko: {
    marks: '메모와 태그', star: (name: string) => `${name} 별표`, noStar: '별표에는 training:run 권한이 필요합니다.', allStars: '별표 전체', onlyStarred: '별표만', stars: '별표', tag: '태그', allTags: '모든 태그',
    tags: '태그', addTag: '태그 추가', add: '추가', removeTag: (tag: string) => `${tag} 태그 제거`, jobsWithTag: (tag: string) => `${tag} 태그가 있는 작업 보기`, noTags: '태그 없음', badTag: '태그는 최대 50자이며 중복될 수 없고, 작업마다 최대 20개까지입니다.',
    notes: '메모', noNotes: '메모 없음', edit: '메모 편집', write: '메모 작성', save: '저장', cancel: '취소', notesHint: '프로젝트의 모든 구성원이 볼 수 있으며 작업 목록에서 검색됩니다.', saved: '메모를 저장했습니다.', kept: '별표한 작업의 체크포인트는 보관됩니다.',
  },
});
