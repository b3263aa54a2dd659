import { defineWords } from '../app/words';

/** Names of the roles, and what they are for. */
export const roleWords = defineWords({
  en: {
    system: { guest: 'Guest', standard_engineer: 'Standard engineer', advanced_engineer: 'Advanced engineer', manager: 'Manager', admin: 'Administrator' },
    project: { viewer: 'Viewer', member: 'Member', admin: 'Admin', owner: 'Owner' },
    projectMeans: {
      viewer: 'Sees everything and tries deployments.', member: 'Adds data, trains, exports and deploys.',
      admin: 'Also invites people and changes roles and settings.', owner: 'Also transfers and deletes the project.',
    },
    dataset: { viewer: 'Viewer', annotator: 'Annotator', reviewer: 'Reviewer', admin: 'Admin' },
  },
  ko: {
    system: { guest: '게스트', standard_engineer: '일반 엔지니어', advanced_engineer: '고급 엔지니어', manager: '매니저', admin: '시스템 관리자' },
    project: { viewer: '열람자', member: '구성원', admin: '관리자', owner: '소유자' },
    projectMeans: {
      viewer: '모든 내용을 보고 배포를 시험할 수 있습니다.', member: '데이터 추가, 학습, 내보내기, 배포를 할 수 있습니다.',
      admin: '추가로 사람을 초대하고 역할과 설정을 바꿀 수 있습니다.', owner: '추가로 프로젝트를 이전하거나 삭제할 수 있습니다.',
    },
    dataset: { viewer: '열람자', annotator: '작업자', reviewer: '검토자', admin: '관리자' },
  },
});

/** The name of a role of an invitation, which may be one of a project, a dataset or the platform. */
export function roleName(words: (typeof roleWords)['en'], kind: 'organization' | 'project' | 'dataset', role: string): string {
  const names: Record<string, string> = kind === 'organization' ? words.system : kind === 'project' ? words.project : words.dataset;
  return names[role] ?? role;
}
