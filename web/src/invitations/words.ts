import { defineWords } from '../app/words';

export const invitationWords = defineWords({
  en: {
    invitation: 'Invitation',
    to: (name: string) => `You are invited to ${name}`,
    text: (inviter: string, kind: string, role: string) => `${inviter} invites you to this ${kind} as ${role}.`,
    kinds: { organization: 'organization', project: 'project', dataset: 'dataset' },
    validUntil: (time: string) => `Valid until ${time}`,
    accept: 'Accept', decline: 'Decline', declined: 'The invitation is declined',
    forOther: (email: string) => `The invitation is for ${email}. You are signed in with another account.`,
    switchAccount: 'Sign out and use that account',
    signInToAccept: 'Sign in to accept', createToAccept: 'Create the account and accept',
    haveAccount: 'This address has an account', noAccount: 'New here',
  },
  ko: {
    invitation: '초대',
    to: (name: string) => `${name}에 초대되었습니다`,
    text: (inviter: string, kind: string, role: string) => `${inviter} 님이 이 ${kind}에 ${role} 역할로 초대했습니다.`,
    kinds: { organization: '조직', project: '프로젝트', dataset: '데이터셋' },
    validUntil: (time: string) => `${time}까지 유효`,
    accept: '수락', decline: '거절', declined: '초대를 거절했습니다',
    forOther: (email: string) => `${email} 앞으로 온 초대입니다. 다른 계정으로 로그인되어 있습니다.`,
    switchAccount: '로그아웃하고 해당 계정 사용',
    signInToAccept: '로그인하여 수락', createToAccept: '계정을 만들고 수락',
    haveAccount: '이미 계정이 있음', noAccount: '새 계정',
  },
});
