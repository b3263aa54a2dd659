import { defineWords } from '../app/words';

export const sharingWords = defineWords({
  en: {
    title: 'Sharing', text: 'Members of the project see the dataset by their role there. People listed here work on this dataset alone.',
    members: 'People', person: 'Person', role: 'Role', since: 'Since', actions: 'Actions', noMembers: 'Shared with nobody', noMembersText: 'Invite somebody who is not a member of the project, for example to annotate.',
    roles: { viewer: 'Viewer', annotator: 'Annotator', reviewer: 'Reviewer', admin: 'Administrator', owner: 'Owner' },
    roleTexts: { viewer: 'sees images, annotations and versions', annotator: 'also annotates images', reviewer: 'also annotates and reviews', admin: 'also uploads, publishes and shares', owner: 'may do everything' },
    invite: 'Invite', inviteTitle: 'Share this dataset', email: 'E-mail address', message: 'Message', messageHint: 'The page behind the link in the mail shows it.', send: 'Send invitation', sent: (email: string) => `An invitation is on its way to ${email}.`,
    changed: (name: string, role: string) => `${name} is now ${role}.`, roleOf: (name: string) => `Role of ${name}`, remove: 'Stop sharing', removeTitle: (name: string) => `Stop sharing with ${name}?`, removeText: 'The dataset disappears from their list at once. What they annotated stays.', removed: (name: string) => `The dataset is no longer shared with ${name}.`,
    invitations: 'Open invitations', noInvitations: 'No open invitations', expires: 'Valid until', resend: 'Send again', resent: 'The invitation is sent again.', withdraw: 'Withdraw', withdrawTitle: (email: string) => `Withdraw the invitation of ${email}?`, withdrawText: 'The link in the mail stops working.', withdrawn: 'The invitation is withdrawn.',
    mayNot: 'Only administrators of the project or dataset can share it.',
  },
  ko: {
    title: '공유', text: '프로젝트 구성원은 프로젝트 역할에 따라 데이터셋을 봅니다. 여기 있는 사람은 이 데이터셋에서만 작업합니다.',
    members: '사람', person: '사람', role: '역할', since: '시작', actions: '작업', noMembers: '공유한 사람이 없습니다', noMembersText: '주석 작업 등을 위해 프로젝트 구성원이 아닌 사람을 초대하세요.',
    roles: { viewer: '뷰어', annotator: '주석 작업자', reviewer: '검수자', admin: '관리자', owner: '소유자' },
    roleTexts: { viewer: '이미지, 주석, 버전을 봅니다', annotator: '이미지에 주석도 답니다', reviewer: '주석을 달고 검수도 합니다', admin: '업로드, 게시, 공유도 합니다', owner: '모든 작업을 할 수 있습니다' },
    invite: '초대', inviteTitle: '데이터셋 공유', email: '이메일 주소', message: '메시지', messageHint: '메일의 링크를 열면 표시됩니다.', send: '초대 보내기', sent: (email: string) => `${email}(으)로 초대를 보냈습니다.`,
    changed: (name: string, role: string) => `${name} 님의 역할을 ${role}(으)로 바꿨습니다.`, roleOf: (name: string) => `${name} 님의 역할`, remove: '공유 중지', removeTitle: (name: string) => `${name} 님과의 공유를 중지할까요?`, removeText: '상대방의 목록에서 데이터셋이 바로 사라집니다. 작성한 주석은 남습니다.', removed: (name: string) => `${name} 님과의 공유를 중지했습니다.`,
    invitations: '대기 중인 초대', noInvitations: '대기 중인 초대가 없습니다', expires: '만료', resend: '다시 보내기', resent: '초대를 다시 보냈습니다.', withdraw: '취소', withdrawTitle: (email: string) => `${email}의 초대를 취소할까요?`, withdrawText: '메일의 링크가 더 이상 작동하지 않습니다.', withdrawn: '초대를 취소했습니다.',
    mayNot: '프로젝트나 데이터셋의 관리자만 공유할 수 있습니다.',
  },
});
