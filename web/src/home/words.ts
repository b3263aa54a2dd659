import { defineWords } from '../app/words';

export const homeWords = defineWords({
  en: {
    hello: (name: string) => `Hello, ${name}`, home: 'Home', runs: 'Running now', nothingRuns: 'Nothing is running', nothingRunsText: 'Training jobs of your projects appear here while they wait and train.',
    needs: 'Needs your attention', nothing: 'Nothing needs you', nothingText: 'Invitations, failed jobs and limits that are almost reached appear here.', recent: 'Recent projects', all: 'All projects',
    inProject: (name: string) => `in ${name}`, invited: (target: string) => `You are invited to ${target}`, invitedText: 'Open the link in the mail to answer.', invitations: 'Invitations',
    failed: (job: string) => `${job} failed`, quota: (kind: string) => `${kind}: almost used up`, quotaFull: (kind: string) => `${kind}: used up`, used: (used: string, limit: string) => `${used} of ${limit} in use`, limits: 'See limits',
    backup: (database: string) => `Backups of ${database} need attention`, operations: 'Operations', unhealthy: (name: string) => `${name} does not work as it should`, system: 'System', open: 'Open',
    partly: (count: string) => `Of your ${count} projects that changed last.`, more: (count: string) => `and ${count} more`,
  },
  ko: {
    hello: (name: string) => `${name} 님, 안녕하세요`, home: '홈', runs: '진행 중', nothingRuns: '진행 중인 작업이 없습니다', nothingRunsText: '내 프로젝트의 학습 작업이 대기하거나 학습하는 동안 여기에 표시됩니다.',
    needs: '확인이 필요한 항목', nothing: '확인할 항목이 없습니다', nothingText: '초대, 실패한 작업, 거의 다 쓴 한도가 여기에 표시됩니다.', recent: '최근 프로젝트', all: '모든 프로젝트',
    inProject: (name: string) => `${name} 프로젝트`, invited: (target: string) => `${target}에 초대되었습니다`, invitedText: '메일의 링크를 열어 응답하세요.', invitations: '초대',
    failed: (job: string) => `${job} 작업이 실패했습니다`, quota: (kind: string) => `${kind}: 한도에 거의 도달`, quotaFull: (kind: string) => `${kind}: 한도 도달`, used: (used: string, limit: string) => `${limit} 중 ${used} 사용`, limits: '한도 보기',
    backup: (database: string) => `${database} 백업을 확인하세요`, operations: '운영', unhealthy: (name: string) => `${name}에 문제가 있습니다`, system: '시스템', open: '열기',
    partly: (count: string) => `최근 변경된 프로젝트 ${count}개 기준입니다.`, more: (count: string) => `외 ${count}개`,
  },
});
