import { defineWords } from './words';

export const shellWords = defineWords({
  en: {
    skip: 'Skip to content',
    home: 'Home', projects: 'Projects', datasetsShared: 'Shared datasets', organizations: 'Organization', invitations: 'Invitations',
    operations: 'Operations', administration: 'Administration', profile: 'Profile and settings', signOut: 'Sign out', navigation: 'Main',
    openNavigation: 'Open navigation', theme: 'Theme', system: 'System', light: 'Light', dark: 'Dark', language: 'Language', docs: 'API documentation',
    notFound: 'This page does not exist', notFoundText: 'The address may have a typing mistake, or what it showed was removed.', toHome: 'Go home',
    broken: 'This page failed', brokenText: 'The rest of the console still works. If it happens again, tell your administrator what you did.', reload: 'Reload',
    updated: 'The console was updated. Reload the page to go on.', account: 'Account',
  },
  ko: {
    skip: '본문으로 건너뛰기',
    home: '홈', projects: '프로젝트', datasetsShared: '공유된 데이터셋', organizations: '조직', invitations: '초대',
    operations: '운영', administration: '관리', profile: '프로필 및 설정', signOut: '로그아웃', navigation: '주 메뉴',
    openNavigation: '메뉴 열기', theme: '테마', system: '시스템', light: '밝게', dark: '어둡게', language: '언어', docs: 'API 문서',
    notFound: '존재하지 않는 페이지입니다', notFoundText: '주소가 잘못되었거나 항목이 삭제되었을 수 있습니다.', toHome: '홈으로',
    broken: '페이지에서 오류가 발생했습니다', brokenText: '다른 화면은 계속 사용할 수 있습니다. 다시 발생하면 관리자에게 알려 주세요.', reload: '새로고침',
    updated: '콘솔이 업데이트되었습니다. 계속하려면 새로고침하세요.', account: '계정',
  },
});
