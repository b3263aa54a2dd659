import { defineWords } from '../app/words';

export const deploymentWords = defineWords({
  en: {
    deployments: 'Deployments', none: 'Nothing is deployed yet', noneText: 'A deployment loads an exported model and answers predictions at an address with a key.', toExports: 'Choose an export',
    name: 'Name', state: 'State', requests: 'Requests', images: 'Images', latency: 'Average latency', milliseconds: (value: string) => `${value} ms`, created: 'Created',
    create: 'Deploy', newDeployment: 'New deployment', made: 'Deployed', keyTitle: 'Key of the deployment', keyText: 'It is shown only now. Keep it where your programs read their secrets.', done: 'I have kept it',
    states: { pending: 'Waiting', deploying: 'Loading', active: 'Answers', deactivated: 'Switched off', failed: 'Failed' },
    tryIt: 'Try it', tryText: 'Drop images here or choose them. They are sent as they are and not kept.', choose: 'Choose images', notActive: 'It answers when it is loaded.',
    top: 'Most likely', took: (ms: string) => `Answered in ${ms} ms.`, call: 'Call it from a program', address: 'Address', usage: 'Usage of the last 24 hours', failures: 'Requests without an answer', refused: 'Images that could not be read', percentile: (share: number) => `Latency of ${share} of 100 requests`, longerSide: 'Images by longer side (pixels)', brightness: 'Images by brightness', confidence: 'Images by confidence', more: 'more',
    revisions: 'Revisions', revision: 'Revision', model: 'Model', exported: 'Export', answers: 'Answers', before: 'Answered before', canary: (percent: number) => `Canary, ${percent} %`, shadow: 'Shadow',
    addTo: 'Add to a deployment', addToText: 'The export becomes a revision. It answers when it is activated.', deployment: 'Deployment', add: 'Add', added: 'The revision is added.',
    remove: 'Switch off', removeTitle: 'Switch this deployment off?', removeText: (name: string) => `${name} stops answering at once, until one of its revisions is activated.`, removed: (name: string) => `${name} is switched off.`,
    tooLarge: 'An image is larger than the server takes.',
  },
  ko: {
    deployments: '배포', none: '아직 배포가 없습니다', noneText: '배포는 내보낸 모델을 불러와 키로 보호된 주소에서 예측에 응답합니다.', toExports: '내보내기 선택',
    name: '이름', state: '상태', requests: '요청', images: '이미지', latency: '평균 지연', milliseconds: (value: string) => `${value} ms`, created: '생성',
    create: '배포', newDeployment: '새 배포', made: '배포됨', keyTitle: '배포 키', keyText: '지금만 표시됩니다. 프로그램이 비밀 값을 읽는 곳에 보관하세요.', done: '보관했습니다',
    states: { pending: '대기 중', deploying: '불러오는 중', active: '응답 중', deactivated: '꺼짐', failed: '실패' },
    tryIt: '사용해 보기', tryText: '이미지를 끌어다 놓거나 선택하세요. 그대로 전송되며 저장되지 않습니다.', choose: '이미지 선택', notActive: '모델을 불러오면 응답합니다.',
    top: '가장 유력', took: (ms: string) => `${ms} ms 만에 응답했습니다.`, call: '프로그램에서 호출', address: '주소', usage: '최근 24시간 사용량', failures: '응답하지 못한 요청', refused: '읽지 못한 이미지', percentile: (share: number) => `요청 100개 중 ${share}개의 지연`, longerSide: '긴 변별 이미지 수(픽셀)', brightness: '밝기별 이미지 수', confidence: '신뢰도별 이미지 수', more: '그 이상',
    revisions: '리비전', revision: '리비전', model: '모델', exported: '내보내기', answers: '응답 중', before: '이전에 응답', canary: (percent: number) => `카나리, ${percent} %`, shadow: '섀도',
    addTo: '배포에 추가', addToText: '내보내기가 리비전이 됩니다. 활성화하면 응답합니다.', deployment: '배포', add: '추가', added: '리비전을 추가했습니다.',
    remove: '끄기', removeTitle: '이 배포를 끌까요?', removeText: (name: string) => `${name}은(는) 리비전을 활성화할 때까지 즉시 응답을 멈춥니다.`, removed: (name: string) => `${name}을(를) 껐습니다.`,
    tooLarge: '서버가 받을 수 있는 크기보다 큰 이미지가 있습니다.',
  },
});
