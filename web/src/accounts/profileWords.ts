import { defineWords } from '../app/words';

export const profileWords = defineWords({
  en: {
    profile: 'Profile and settings', parts: 'Parts of the profile', general: 'General', security: 'Sign-in and sessions', tokens: 'Personal tokens',
    person: 'You', name: 'Name', avatar: 'Color of the avatar', automatic: 'Chosen automatically', color: (color: string) => `Color ${color}`, save: 'Save', saved: 'The changes are saved.', role: 'Role on the platform',
    appearance: 'Theme and language', theme: 'Theme', language: 'Language', system: 'System', light: 'Light', dark: 'Dark', usage: 'Limits of your account',
    email: 'E-mail address', newEmail: 'New e-mail address', emailText: 'You sign in with this address, and invitations come to it.', currentPassword: 'Current password', changeEmail: 'Change address',
    emailSent: (address: string) => `A mail with a link is on its way to ${address}. The address changes when you follow the link.`, emailChanged: (address: string) => `Your address is now ${address}.`,
    password: 'Password', newPassword: 'New password', changePassword: 'Change password', passwordChanged: 'Your password is changed. All other sessions were ended.', passwordText: 'All other sessions end when you change it.',
    sessions: 'Sessions', sessionsText: 'Browsers and programs that are signed in with your account.', thisSession: 'This one', client: 'Browser or program', address: 'Last address', since: 'Signed in', lastUsed: 'Last used', expires: 'Expires',
    unknownClient: 'Unknown program', end: 'End session', endOf: (client: string) => `End the session of ${client}`, ended: 'The session is ended.', everywhere: 'Sign out everywhere', everywhereTitle: 'Sign out everywhere?',
    everywhereText: 'All sessions end, also this one. Personal tokens keep working.',
    tokensText: 'A token lets a script act for you, within its scopes. It cannot change your password, sessions or address.', newToken: 'New token', noTokens: 'No tokens yet', noTokensText: 'Create one for a script or the command line.',
    tokenName: 'What it is for', scopes: 'Scopes', never: 'never', revoke: 'Revoke', revokeOf: (name: string) => `Revoke ${name}`, revokeTitle: (name: string) => `Revoke ${name}?`, revokeText: 'Programs that use this token are refused from now on.', revoked: (name: string) => `${name} is revoked.`,
    lifetime: 'Expires after', days: (days: number) => `${days} days`, create: 'Create token', created: 'Copy the token now', createdText: 'It is not shown again. Keep it like a password.', done: 'I have copied it', use: 'Example',
    groups: { read: 'Read everything that you can read', write: 'Change what engineers can change', admin: 'Act as a manager or administrator' }, single: 'Single permissions', chosen: (count: number) => `${count} chosen`, chooseScope: 'Choose at least one scope.',
  },
  ko: {
    profile: '프로필 및 설정', parts: '프로필 구성', general: '일반', security: '로그인과 세션', tokens: '개인 토큰',
    person: '내 정보', name: '이름', avatar: '아바타 색', automatic: '자동 선택', color: (color: string) => `색 ${color}`, save: '저장', saved: '변경 사항을 저장했습니다.', role: '플랫폼 역할',
    appearance: '테마와 언어', theme: '테마', language: '언어', system: '시스템', light: '밝게', dark: '어둡게', usage: '내 계정의 한도',
    email: '이메일 주소', newEmail: '새 이메일 주소', emailText: '이 주소로 로그인하고 초대를 받습니다.', currentPassword: '현재 비밀번호', changeEmail: '주소 변경',
    emailSent: (address: string) => `${address}(으)로 링크가 담긴 메일을 보냈습니다. 링크를 열면 주소가 변경됩니다.`, emailChanged: (address: string) => `주소가 ${address}(으)로 변경되었습니다.`,
    password: '비밀번호', newPassword: '새 비밀번호', changePassword: '비밀번호 변경', passwordChanged: '비밀번호를 변경했습니다. 다른 세션은 모두 종료되었습니다.', passwordText: '변경하면 다른 세션이 모두 종료됩니다.',
    sessions: '세션', sessionsText: '내 계정으로 로그인한 브라우저와 프로그램입니다.', thisSession: '현재 세션', client: '브라우저 또는 프로그램', address: '최근 주소', since: '로그인', lastUsed: '최근 사용', expires: '만료',
    unknownClient: '알 수 없는 프로그램', end: '세션 종료', endOf: (client: string) => `${client} 세션 종료`, ended: '세션을 종료했습니다.', everywhere: '모든 곳에서 로그아웃', everywhereTitle: '모든 곳에서 로그아웃할까요?',
    everywhereText: '현재 세션을 포함한 모든 세션이 종료됩니다. 개인 토큰은 계속 작동합니다.',
    tokensText: '토큰을 쓰면 스크립트가 정해진 범위에서 나를 대신해 동작합니다. 비밀번호, 세션, 주소는 바꿀 수 없습니다.', newToken: '새 토큰', noTokens: '아직 토큰이 없습니다', noTokensText: '스크립트나 명령줄에서 쓸 토큰을 만드세요.',
    tokenName: '용도', scopes: '범위', never: '사용 안 함', revoke: '폐기', revokeOf: (name: string) => `${name} 폐기`, revokeTitle: (name: string) => `${name} 토큰을 폐기할까요?`, revokeText: '이 토큰을 쓰는 프로그램은 즉시 거부됩니다.', revoked: (name: string) => `${name} 토큰을 폐기했습니다.`,
    lifetime: '유효 기간', days: (days: number) => `${days}일`, create: '토큰 만들기', created: '지금 토큰을 복사하세요', createdText: '다시 표시되지 않습니다. 비밀번호처럼 보관하세요.', done: '복사했습니다', use: '예시',
    groups: { read: '볼 수 있는 모든 것 읽기', write: '엔지니어가 바꿀 수 있는 것 변경', admin: '매니저 또는 관리자 권한 사용' }, single: '개별 권한', chosen: (count: number) => `${count}개 선택`, chooseScope: '범위를 하나 이상 선택하세요.',
  },
});
