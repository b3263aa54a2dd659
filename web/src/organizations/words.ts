import { defineWords } from '../app/words';

export const organizationWords = defineWords({
  en: {
    organizations: 'Organizations', organization: 'Organization', newOrganization: 'New organization', search: 'Search organizations', none: 'You belong to no organization',
    noneText: 'An organization has people and limits that they share. A manager can invite you to one.', noneAtAll: 'No organizations yet', noneAtAllText: 'Organizations group people and give them shared limits.', noneFound: 'No organization has this name',
    name: 'Name', company: 'Company', division: 'Division', people: 'People', limits: 'Limits and usage', byRole: 'People by role', createdAt: 'Created', edit: 'Edit', create: 'Create organization', created: (name: string) => `Organization ${name} is created.`, save: 'Save', saved: 'The changes are saved.',
    limitFields: 'Limits; empty for none', maxUsers: 'People', maxStorageGb: 'Images, GB', maxGpuHoursPerMonth: 'Training hours a month', maxConcurrentJobs: 'Jobs and predictions at a time',
    searchPeople: 'Search people', nobody: 'Nobody belongs to it yet', nobodyText: 'Invite people by e-mail.', nobodyFound: 'Nobody has this name', person: 'Person', role: 'Role', state: 'State', active: 'Active', inactive: 'Deactivated', you: '(you)',
    invite: 'Invite', email: 'E-mail address', message: 'Message', messageHint: 'Shown on the page that the link in the mail opens.', send: 'Send invitation', sentTo: (email: string) => `An invitation is on its way to ${email}.`, roleHint: 'A person who already has a higher role keeps it.',
    sentTitle: 'Invitations you sent', add: 'Add an account', addText: 'Accounts that belong to no organization.', find: 'Find an account', noAccounts: 'No such account is without an organization.', added: (name: string) => `${name} belongs to the organization now.`,
    actions: (name: string) => `Actions for ${name}`, remove: 'Remove from organization', removeTitle: (name: string) => `Remove ${name} from the organization?`, removeText: 'The account, its projects and its memberships in projects remain. The shared limits no longer count what it uses.', removed: (name: string) => `${name} is removed.`,
    delete: 'Delete organization', deleteTitle: (name: string) => `Delete ${name}?`, deleteText: 'Open invitations to it are withdrawn. Organizations with people cannot be deleted: remove them first.', deleted: (name: string) => `Organization ${name} is deleted.`,
    mayNotSee: 'Usage is shown to managers.', account: 'Account in administration',
  },
  ko: {
    organizations: '조직', organization: '조직', newOrganization: '새 조직', search: '조직 검색', none: '소속된 조직이 없습니다',
    noneText: '조직에는 사람들과 함께 쓰는 한도가 있습니다. 매니저가 초대할 수 있습니다.', noneAtAll: '아직 조직이 없습니다', noneAtAllText: '조직은 사람들을 묶고 공동 한도를 부여합니다.', noneFound: '해당 이름의 조직이 없습니다',
    name: '이름', company: '회사', division: '부서', people: '인원', limits: '한도와 사용량', byRole: '역할별 인원', createdAt: '생성', edit: '편집', create: '조직 만들기', created: (name: string) => `조직 ${name}을(를) 만들었습니다.`, save: '저장', saved: '변경 사항을 저장했습니다.',
    limitFields: '한도 (비워 두면 제한 없음)', maxUsers: '인원', maxStorageGb: '이미지 용량(GB)', maxGpuHoursPerMonth: '월 학습 시간', maxConcurrentJobs: '동시 학습·예측 작업',
    searchPeople: '사람 검색', nobody: '아직 소속된 사람이 없습니다', nobodyText: '이메일로 사람을 초대하세요.', nobodyFound: '해당 이름의 사람이 없습니다', person: '사람', role: '역할', state: '상태', active: '활성', inactive: '비활성', you: '(나)',
    invite: '초대', email: '이메일 주소', message: '메시지', messageHint: '메일의 링크를 열면 나오는 페이지에 표시됩니다.', send: '초대 보내기', sentTo: (email: string) => `${email}(으)로 초대를 보냈습니다.`, roleHint: '이미 더 높은 역할이 있으면 그대로 유지됩니다.',
    sentTitle: '내가 보낸 초대', add: '계정 추가', addText: '소속 조직이 없는 계정입니다.', find: '계정 찾기', noAccounts: '조직이 없는 계정 중에 해당하는 계정이 없습니다.', added: (name: string) => `${name} 님이 조직에 추가되었습니다.`,
    actions: (name: string) => `${name} 작업`, remove: '조직에서 제거', removeTitle: (name: string) => `${name} 님을 조직에서 제거할까요?`, removeText: '계정과 프로젝트, 프로젝트 구성원 자격은 유지됩니다. 사용량은 더 이상 공동 한도에 포함되지 않습니다.', removed: (name: string) => `${name} 님을 제거했습니다.`,
    delete: '조직 삭제', deleteTitle: (name: string) => `${name}을(를) 삭제할까요?`, deleteText: '대기 중인 초대가 철회됩니다. 사람이 있는 조직은 삭제할 수 없으므로 먼저 제거하세요.', deleted: (name: string) => `조직 ${name}을(를) 삭제했습니다.`,
    mayNotSee: '사용량은 매니저에게 표시됩니다.', account: '관리 화면의 계정',
  },
});
