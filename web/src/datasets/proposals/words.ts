import { defineWords } from '../../app/words';

export const proposalWords = defineWords({
  en: {
    title: 'Proposals', text: 'What models propose for images that nobody has labeled. No version and no statistic has them until a person accepts them.', gridLabel: 'Proposals', filters: 'Filters',
    class: 'Class', allClasses: 'All classes', score: 'Least score', sureness: 'Score', anyScore: 'Any score', percent: (share: string) => `At least ${share}`, none: 'No proposals', noneText: 'Publish a version of the images without labels, predict it with a model, and use the prediction as proposals.',
    noneFound: 'No proposal fits these filters', clear: 'Clear filters', proposed: 'Proposed', unsure: 'no score', shown: (count: string) => (count === '1' ? '1 proposal' : `${count} proposals`), objects: (count: string) => (count === '1' ? '1 object' : `${count} objects`),
    acceptAll: 'Accept all', rejectAll: 'Reject all', acceptTitle: 'Accept all these proposals?', rejectTitle: 'Reject all these proposals?',
    acceptText: 'Every proposal that fits the filters becomes the label of its image, in your name. Look at some of them first.', rejectText: 'Every proposal that fits the filters is removed. The images stay without labels.',
    which: (filter: string) => `Filters: ${filter}.`, allOfThem: 'all proposals', accept: 'Accept', reject: 'Reject', accepted: (path: string) => `${path} is labeled.`, rejected: (path: string) => `The proposal for ${path} is removed.`,
    about: 'About the proposal', path: 'Path', model: 'Model', modelOf: (model: string, epoch: string) => `${model}, epoch ${epoch}`, proposedAt: 'Proposed', prediction: 'Prediction', open: 'Open the prediction', notTruth: 'A model proposes this. It is no label yet.',
    previous: 'Previous image', next: 'Next image', keys: 'A and D, or Page up and Page down: previous and next image', mayNot: 'Your role does not include datasets:annotate.', searching: 'Looking for the image…', notFound: 'There is no proposal for this image any more.',
    runs: 'Latest work', action: 'What', actions: { propose: 'Propose', accept: 'Accept all', reject: 'Reject all' }, state: 'State', states: { running: 'Running', completed: 'Completed', failed: 'Failed', cancelled: 'Cancelled' }, result: 'Result', started: 'Started',
    report: { done: (count: string) => `${count} done`, labeled: (count: string) => `${count} labeled by people`, gone: (count: string) => `${count} no longer there`, nothingFound: (count: string) => `nothing sure found in ${count}`, refused: (count: string) => `${count} do not fit the dataset` },
    begun: 'It goes on in the background.', use: 'Use as proposals', useTitle: 'Use as proposals for labels', useText: 'Images of the dataset that this prediction has and that nobody has labeled get its answers as proposals. Labels of people stay as they are.',
    minScore: 'Lowest score', minScoreHint: 'From 0 to 1. Classes and objects of which the model is less sure are left out.', badScore: 'This has to be a number from 0 to 1.',
  },
  ko: {
    title: '제안', text: '라벨이 없는 이미지에 모델이 제안한 라벨입니다. 사람이 수락하기 전에는 버전과 통계에 포함되지 않습니다.', gridLabel: '제안', filters: '필터',
    class: '클래스', allClasses: '모든 클래스', score: '최소 점수', sureness: '점수', anyScore: '모든 점수', percent: (share: string) => `${share} 이상`, none: '제안이 없습니다', noneText: '라벨이 없는 이미지의 버전을 게시하고 모델로 예측한 뒤 그 예측을 제안으로 사용하세요.',
    noneFound: '조건에 맞는 제안이 없습니다', clear: '필터 지우기', proposed: '제안', unsure: '점수 없음', shown: (count: string) => `제안 ${count}개`, objects: (count: string) => `객체 ${count}개`,
    acceptAll: '모두 수락', rejectAll: '모두 거절', acceptTitle: '이 제안을 모두 수락할까요?', rejectTitle: '이 제안을 모두 거절할까요?',
    acceptText: '필터에 맞는 모든 제안이 내 이름으로 이미지의 라벨이 됩니다. 먼저 몇 개를 확인하세요.', rejectText: '필터에 맞는 모든 제안이 삭제됩니다. 이미지는 라벨 없이 남습니다.',
    which: (filter: string) => `필터: ${filter}.`, allOfThem: '모든 제안', accept: '수락', reject: '거절', accepted: (path: string) => `${path}에 라벨을 달았습니다.`, rejected: (path: string) => `${path}의 제안을 삭제했습니다.`,
    about: '제안 정보', path: '경로', model: '모델', modelOf: (model: string, epoch: string) => `${model}, 에포크 ${epoch}`, proposedAt: '제안 시각', prediction: '예측', open: '예측 열기', notTruth: '모델의 제안이며 아직 라벨이 아닙니다.',
    previous: '이전 이미지', next: '다음 이미지', keys: 'A와 D 또는 Page Up과 Page Down: 이전/다음 이미지', mayNot: '현재 역할에는 datasets:annotate 권한이 없습니다.', searching: '이미지를 찾는 중…', notFound: '이 이미지의 제안이 더 이상 없습니다.',
    runs: '최근 작업', action: '작업', actions: { propose: '제안', accept: '모두 수락', reject: '모두 거절' }, state: '상태', states: { running: '실행 중', completed: '완료', failed: '실패', cancelled: '취소됨' }, result: '결과', started: '시작',
    report: { done: (count: string) => `처리 ${count}`, labeled: (count: string) => `사람이 라벨을 단 이미지 ${count}`, gone: (count: string) => `없어진 이미지 ${count}`, nothingFound: (count: string) => `확실한 결과 없음 ${count}`, refused: (count: string) => `데이터셋과 맞지 않음 ${count}` },
    begun: '백그라운드에서 진행됩니다.', use: '제안으로 사용', useTitle: '라벨 제안으로 사용', useText: '이 예측에 있고 아직 라벨이 없는 데이터셋 이미지에 예측 결과를 제안으로 답니다. 사람이 단 라벨은 그대로 둡니다.',
    minScore: '최저 점수', minScoreHint: '0~1 사이 값입니다. 모델이 이보다 덜 확신하는 클래스와 객체는 제외합니다.', badScore: '0~1 사이의 숫자여야 합니다.',
  },
});
